"""Orders: reading them, and the one way in which their status changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.queryset import QuerySet

from models.accounts.channels import Channel
from models.codes import number_of
from models.database import execute
from models.errors import InvalidInput, NotSignedIn, StateConflict
from models.later import insert_later, update_later
from models.orders.orders import Order, OrderEvent, OrderLine
from models.orders.states import OrderStatus
from resolvers.context import ActorKind, Context
from resolvers.orders.visibility import visible
from resolvers.outbox import Change
from resolvers.paging import Page, PageRequest, paginate
from resolvers.permissions import for_anyone
from resolvers.slices import Slice, rows_of_each

_HISTORY = ("order_id", "actor_kind", "actor_id", "from_status", "to_status", "note", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What a list of orders is cut to; empty fields cut nothing. `placed_to` is exclusive."""

    status: Sequence[OrderStatus] | None = None
    channel: Sequence[Channel] | None = None
    store_id: int | None = None
    member_id: int | None = None
    guide_id: int | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    number: str | None = None


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


@for_anyone
async def page(ctx: Context, wanted: OrderFilter, request: PageRequest) -> Page[Order]:
    """A page of the orders that the caller may see, the latest first.

    Raises: NotSignedIn for somebody who can have none, InvalidInput for a page that makes no sense.
    """
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    query = visible(_filtered(Order.all(), wanted), ctx)
    if not ctx.actor.is_customer:
        query = query.filter(merchant_id=ctx.merchant_id)
    return await paginate(query, request, ("-id",), f"orders {wanted}")


async def lines_of(
    ctx: Context, order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[OrderLine]]:
    """The lines of orders that the caller has been given, as they were placed."""
    return await rows_of_each(OrderLine, "order_id", order_ids, cut)


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


def _filtered(query: QuerySet[Order], wanted: OrderFilter) -> QuerySet[Order]:
    equal = {
        "status__in": list(wanted.status) if wanted.status else None,
        "channel__in": list(wanted.channel) if wanted.channel else None,
        "attribution_store_id": wanted.store_id,
        "member_id": wanted.member_id,
        "attribution_guide_id": wanted.guide_id,
        "created_at__gte": wanted.placed_from,
        "created_at__lt": wanted.placed_to,
        "number": wanted.number if wanted.number is None else number_of(wanted.number),
    }
    return query.filter(**{name: value for name, value in equal.items() if value is not None})
