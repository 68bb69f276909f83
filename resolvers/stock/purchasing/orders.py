"""Purchase orders: reading, permitted actions, locking, and recording changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.errors import InvalidInput, NotFound
from models.stock.documents.purchase_rules import (
    PURCHASE_TRANSITIONS,
    PurchaseAction,
    PurchaseOrderStatus,
    purchase_actions,
)
from models.stock.documents.purchases import PurchaseOrder, PurchaseOrderLine
from models.stock.state_machines import next_status
from models.text.codes import number_of
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.documents.documents import announce_document, record
from resolvers.stock.documents.lists import DocumentFilter, page_of, tally_of
from resolvers.stock.purchasing.rights import check, rights_of
from resolvers.tallies import QueryTally

KIND = "PurchaseOrder"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, PurchaseOrder]:
    """Return those of the purchase orders that the caller may read."""
    return {row.id: row for row in await _visible(PurchaseOrder.filter(id__in=set(ids)), ctx)}


@requires(Permission.PURCHASE_READ)
async def get(ctx: Context, order_id: int | None, number: str | None) -> PurchaseOrder | None:
    """Return the order with this ID or number, or None if the caller may not read one.

    Raises: InvalidInput unless exactly one of both is given.
    """
    if (order_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    if order_id is not None:
        return await _visible(PurchaseOrder.filter(id=order_id), ctx).first()
    numbered = PurchaseOrder.filter(merchant_id=ctx.merchant_id, number=number_of(number or ""))
    return await _visible(numbered, ctx).first()


@requires(Permission.PURCHASE_READ)
async def page(ctx: Context, wanted: DocumentFilter, request: PageRequest) -> Page[PurchaseOrder]:
    """Return a page of the purchase orders for locations in the caller's territory, the latest first."""
    visible = _visible(PurchaseOrder.filter(merchant_id=ctx.merchant_id), ctx)
    return await page_of(visible, ("destination_id",), wanted, request)


@requires(Permission.PURCHASE_READ)
async def tally(ctx: Context, wanted: DocumentFilter) -> QueryTally[PurchaseOrder]:
    """Return the counts of the whole list."""
    visible = _visible(PurchaseOrder.filter(merchant_id=ctx.merchant_id), ctx)
    return tally_of(visible, ("destination_id",), wanted)


async def lines_of(
    order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[PurchaseOrderLine]]:
    """Return the lines of purchase orders that the caller may read."""
    return await rows_of_each(PurchaseOrderLine, "purchase_order_id", order_ids, cut)


async def actions_of(ctx: Context, orders: Sequence[PurchaseOrder]) -> list[list[PurchaseAction]]:
    """Return the actions that the caller may perform on each order."""
    four_eyes = ctx.settings.purchase_four_eyes
    return [
        purchase_actions(order.status, rights, four_eyes=four_eyes)
        for order, rights in zip(orders, await rights_of(ctx, orders), strict=True)
    ]


async def locked(ctx: Context, order_id: int, action: PurchaseAction) -> PurchaseOrder:
    """Lock an order for an action, and fetch its destination.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    if not await _visible(PurchaseOrder.filter(id=order_id), ctx).exists():
        raise NotFound("There is no such purchase order.", path=("purchaseOrderId",))
    order = await PurchaseOrder.filter(id=order_id).select_for_update().get()
    await order.fetch_related("destination")
    next_status(PURCHASE_TRANSITIONS, order.status, action)
    await check(ctx, order, action)
    return order


async def set_status(
    ctx: Context,
    order: PurchaseOrder,
    to_status: PurchaseOrderStatus,
    note: str | None,
    **columns: Any,
) -> None:
    """Set the status of a locked order, record the change and announce it."""
    from_status = order.status
    order.update_from_dict({**columns, "status": to_status})
    await order.save(update_fields=[*columns, "status", "updated_at"])
    await record_change(ctx, order, from_status, note)


async def record_change(
    ctx: Context, order: PurchaseOrder, from_status: PurchaseOrderStatus | None, note: str | None
) -> None:
    """Add a saved change to the history, and announce it."""
    document = (KIND, order.id)
    await record(ctx, document, from_status, order.status, note)
    await announce_document(ctx, "purchase_order.changed", document, [order.destination])


def _visible(query: QuerySet[PurchaseOrder], ctx: Context) -> QuerySet[PurchaseOrder]:
    return scoped(query, ctx, Permission.PURCHASE_READ, "destination__organisation")
