"""Levels of variants that track serial numbers."""

from __future__ import annotations

from models.catalog.products import Variant
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from tests.make.stock import a_level, a_location
from tests.make.transfers import a_key


async def phones(
    ctx: Context, *serials: str, variant: Variant | None = None, location: Location | None = None
) -> StockLevel:
    """Make a level of a variant that tracks serial numbers, with these on it."""
    place = location or await a_location(ctx)
    level = await a_level(ctx, 0, location=place, variant=variant)
    await Variant.filter(id=level.variant_id).update(tracks_serials=True)
    if serials:
        await moved(ctx, level, StockState.OUTSIDE, StockState.AVAILABLE, *serials)
    return level


async def moved(
    ctx: Context, level: StockLevel, start: StockState, end: StockState, *serials: str
) -> None:
    """Move serial numbers of a level from one state to another by hand."""
    location, variant = await level.location, await level.variant
    draft = AdjustmentDraft(
        location_code=location.code,
        sku=variant.sku,
        from_state=start,
        to_state=end,
        quantity=len(serials),
        reason=MovementReason.ADJUSTMENT,
        serials=serials,
    )
    await adjust(ctx, draft, a_key())
