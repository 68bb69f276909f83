"""No level is filled beyond what a number can tell, by whatever brings the pieces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from models.database import execute, transaction
from models.errors import LimitExceeded
from models.stock.documents.purchase_rules import PurchaseOrderStatus
from models.stock.documents.purchases import PurchaseOrder
from models.stock.rules import MOST_ON_HAND
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.levels import availability
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from resolvers.stock.purchasing import order_steps
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers.arrivals import ReceiptDraft
from tests.make.purchases import a_purchase, ordered
from tests.make.stock import a_level, a_location, codes_of
from tests.make.transfers import Chain, a_chain, a_key, shipped

FULL = MOST_ON_HAND - 1


async def _found(ctx: Context, chain: Chain, pieces: int) -> object:
    location_code, sku = await codes_of(await chain.at_destination())
    draft = AdjustmentDraft(
        location_code=location_code,
        sku=sku,
        from_state=StockState.OUTSIDE,
        to_state=StockState.DAMAGED,
        quantity=pieces,
        reason=MovementReason.ADJUSTMENT,
    )
    return await adjust(ctx, draft, a_key())


async def _bought(ctx: Context, chain: Chain, pieces: int) -> object:
    variant_id = chain.levels[0].variant_id
    order = await ordered(ctx, chain.destination.id, (variant_id, 2, "1"))
    lines = [LineDraft(variant_id, pieces)]
    return await order_steps.receive(ctx, order.id, lines, a_key())


async def _arrived(ctx: Context, chain: Chain, pieces: int) -> object:
    transfer = await shipped(chain, 2)
    receipts = [ReceiptDraft(chain.levels[0].variant_id, 0, rejected=pieces, lost=2 - pieces)]
    return await transfer_arrivals.receive(chain.receiver, transfer.id, receipts, a_key())


@pytest.mark.parametrize(
    ("bring", "path"), [(_found, "quantity"), (_bought, "lines"), (_arrived, "transferId")]
)
async def test_one_piece_fits_and_two_do_not(
    ctx: Context, bring: Callable[[Context, Chain, int], Awaitable[object]], path: str
) -> None:
    chain = await a_chain(ctx, 10)
    await a_level(ctx, FULL, variant=await chain.levels[0].variant, location=chain.destination)
    with pytest.raises(LimitExceeded) as refused:
        await bring(ctx, chain, 2)
    assert refused.value.path == (path,)
    full = await chain.at_destination()
    assert (full.available, full.damaged, full.quarantined) == (FULL, 0, 0)
    await bring(ctx, chain, 1)
    full = await chain.at_destination()
    assert full.available + full.damaged + full.quarantined == MOST_ON_HAND


async def test_no_more_is_expected_than_a_number_can_tell(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    draft = a_purchase(level.location_id, (level.variant_id, 2, "1"))
    order = await order_steps.create(ctx, draft, a_key())
    on_its_way = "UPDATE stock_level SET incoming = ? WHERE id = ?"
    await transaction(execute, on_its_way, 2**31 - 2, level.id)
    with pytest.raises(LimitExceeded) as refused:
        await order_steps.approve(ctx, order.id, None)
    assert refused.value.path == ("purchaseOrderId",)
    assert (await PurchaseOrder.get(id=order.id)).status is PurchaseOrderStatus.SUBMITTED


async def test_what_is_more_than_a_number_can_tell_is_the_largest(ctx: Context) -> None:
    level = await a_level(ctx, FULL)
    variant = await level.variant
    await a_level(ctx, FULL, variant=variant, location=await a_location(ctx))
    assert await availability.of_variants(ctx, [variant.id]) == {variant.id: 2**31 - 1}
