"""Purchase orders and supplier returns for tests."""

from __future__ import annotations

from decimal import Decimal

from models.stock.documents.purchases import PurchaseOrder
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.purchasing import order_steps
from resolvers.stock.purchasing.order_steps import PurchaseDraft, PurchaseLineDraft
from tests.make.transfers import a_key

Wanted = tuple[int, int, str]  # variant ID, pieces, cost of one


def a_purchase(location_id: int, *lines: Wanted, supplier: str = "MILK") -> PurchaseDraft:
    return PurchaseDraft(
        supplier_code=supplier,
        supplier_name=None,
        destination_id=location_id,
        lines=[PurchaseLineDraft(each, pieces, Decimal(cost)) for each, pieces, cost in lines],
    )


async def ordered(ctx: Context, location_id: int, *lines: Wanted) -> PurchaseOrder:
    """An order that is approved already."""
    order = await order_steps.create(ctx, a_purchase(location_id, *lines), a_key())
    return await order_steps.approve(ctx, order.id, None)


async def received(ctx: Context, order: PurchaseOrder, *lines: tuple[int, int]) -> PurchaseOrder:
    drafts = [LineDraft(variant_id, pieces) for variant_id, pieces in lines]
    return await order_steps.receive(ctx, order.id, drafts, a_key())


async def bought(ctx: Context, level: StockLevel, pieces: int, cost: str) -> PurchaseOrder:
    """So many pieces more at a level, at so much each."""
    order = await ordered(ctx, level.location_id, (level.variant_id, pieces, cost))
    return await received(ctx, order, (level.variant_id, pieces))
