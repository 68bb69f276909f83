"""Orders: reading them, and the one way in which their status changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.database import any_of, array, execute, fetch
from models.deferred_writes import insert_later, update_later
from models.errors import InvalidInput, StateConflict
from models.orders.orders import Order, OrderEvent, OrderLine
from models.orders.states import OrderStatus
from models.text.codes import number_of
from resolvers.background.outbox import Change
from resolvers.context import ActorKind, Context
from resolvers.orders.scope import visible
from resolvers.permissions import for_anyone
from resolvers.slices import Slice, rows_of_each

_HISTORY = ("order_id", "actor_kind", "actor_id", "from_status", "to_status", "note", "created_at")


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Order]:
    """The orders with these IDs that the caller may see."""
    if not ids:
        return {}
    return {order.id: order for order in await visible(Order.filter(id__in=set(ids)), ctx)}


@for_anyone
async def of_carts(ctx: Context, cart_ids: Sequence[int]) -> dict[int, Order]:
    """By cart the orders that carts became, as far as the caller may see them."""
    if not cart_ids:
        return {}
    found = await visible(Order.filter(cart_id__in=set(cart_ids)), ctx)
    return {order.cart_id: order for order in found if order.cart_id is not None}


@for_anyone
async def get(ctx: Context, order_id: int | None, number: str | None) -> Order | None:
    """The order with this ID or number, None when there is none for this caller.

    Raises: InvalidInput unless exactly one of them is given.
    """
    if (order_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    query = (
        Order.filter(number=number_of(number or ""))
        if order_id is None
        else Order.filter(id=order_id)
    )
    return await visible(query, ctx).first()


async def lines_of(
    ctx: Context, order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[OrderLine]]:
    """The lines of orders that the caller has been given, as they were placed."""
    return await rows_of_each(OrderLine, "order_id", order_ids, cut)


async def rows_of_lines(lines: Sequence[OrderLine]) -> dict[int, Order]:
    """The orders, by ID, of lines that the caller has been given."""
    rows = await Order.filter(id__in={line.order_id for line in lines})
    return {row.id: row for row in rows}


async def guides_of_lines(line_ids: Sequence[int]) -> dict[int, int]:
    """The staff who put each line into the cart that was ordered; without those that the customer added."""
    rows = await fetch(
        "SELECT line.id, added.added_by_id FROM order_line line"
        " JOIN sales_order o ON o.id = line.order_id JOIN cart_line added"
        " ON added.cart_id = o.cart_id AND added.variant_id = line.variant_id"
        f" WHERE added.added_by_id IS NOT NULL AND {any_of('line.id')}",
        array(line_ids),
    )
    return {row["id"]: row["added_by_id"] for row in rows}


async def lines_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, OrderLine]:
    """The order lines with these IDs whose order the caller may see."""
    found = await OrderLine.filter(id__in=set(ids))
    seen = await by_ids(ctx, [line.order_id for line in found])
    return {line.id: line for line in found if line.order_id in seen}


async def events_of(
    ctx: Context, order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[OrderEvent]]:
    """The history of orders that the caller has been given, oldest first."""
    return await rows_of_each(OrderEvent, "order_id", order_ids, cut)


async def record_event(
    ctx: Context,
    order: Order,
    to_status: OrderStatus,
    note: str | None = None,
    *,
    locked: bool = False,
    **columns: Any,
) -> Change:
    """Move `order` to `to_status` with these columns, write its history; answers what to announce.

    Runs inside the caller's transaction; `order` is changed too. A status that stays may be recorded. An
    order that is `locked` cannot have moved, so it is written with the commit.

    Raises: StateConflict when somebody else has moved the order since it was read.
    """
    from_status = order.status
    columns = {**columns, "status": to_status, "updated_at": ctx.now()}
    if locked:
        await update_later("sales_order", ("id", *columns), [(order.id, *columns.values())])
    else:
        change = ", ".join(f"{column} = ?" for column in columns)
        statement = f"UPDATE sales_order SET {change} WHERE id = ? AND status = ?"
        if not await execute(statement, *columns.values(), order.id, from_status):
            raise StateConflict("The order has changed meanwhile.", state=from_status)
    order.update_from_dict(columns)
    await _write_event(ctx, order, from_status, note)
    return change_of(order)


async def record_placed(ctx: Context, order: Order) -> Change:
    """The first line of an order's history; answers what to announce."""
    await _write_event(ctx, order, None, None)
    return change_of(order)


def change_of(order: Order) -> Change:
    return Change(
        topic="order.changed",
        node_type="Order",
        node_id=order.id,
        merchant_id=order.merchant_id,
        location_id=order.attribution_store_id,
        subject=subject_of(order),
    )


def subject_of(order: Order) -> str | None:
    """The customer whose order it is, `"MEMBER:7"`; None for a sale at a counter to nobody known."""
    if order.member_id is not None:
        return f"{ActorKind.MEMBER}:{order.member_id}"
    return None if order.guest_id is None else f"{ActorKind.GUEST}:{order.guest_id}"


async def _write_event(
    ctx: Context, order: Order, from_status: OrderStatus | None, note: str | None
) -> None:
    note = note[:500] if note else None
    row = (order.id, ctx.actor.kind, ctx.actor.id, from_status, order.status, note, ctx.now())
    await insert_later("order_event", _HISTORY, [row])
