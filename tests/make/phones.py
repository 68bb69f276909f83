"""Variants with serial numbers at both ends of a chain."""

from __future__ import annotations

from models.catalog.products import Variant
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from tests.make.transfers import Chain, a_chain, a_key

AVAILABLE, DAMAGED = StockState.AVAILABLE, StockState.DAMAGED


async def phones(ctx: Context) -> Chain:
    """P0 to P4 at the source, of which P4 is damaged."""
    chain = await a_chain(ctx, 0)
    variant = await chain.levels[0].variant
    await Variant.filter(id=variant.id).update(tracks_serials=True)
    for start, end, serials in (
        (StockState.OUTSIDE, AVAILABLE, [f"P{each}" for each in range(5)]),
        (AVAILABLE, DAMAGED, ["P4"]),
    ):
        draft = AdjustmentDraft(
            location_code=chain.source.code,
            sku=variant.sku,
            from_state=start,
            to_state=end,
            quantity=len(serials),
            reason=MovementReason.ADJUSTMENT,
            serials=serials,
        )
        await adjust(ctx, draft, a_key())
    return chain
