"""Fulfilments: who may see them, and who may work them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Q, Subquery

from models.accounts.roles import Permission
from models.errors import NotFound, StateConflict
from models.orders import deadlines
from models.orders.deadlines import Terms
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order
from models.orders.states import (
    NEEDS_GOODS,
    FulfilmentAction,
    FulfilmentStatus,
    available_actions,
)
from resolvers.context import Context
from resolvers.orders.orders import subject_of
from resolvers.orders.visibility import owned
from resolvers.outbox import Change
from resolvers.permissions import for_anyone, scoped


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Fulfilment]:
    """Those of the caller's own orders, or at the locations in the territory of staff."""
    query = Fulfilment.filter(id__in=set(ids))
    if ctx.actor.is_customer:
        query = query.filter(of_own_orders(ctx))
    else:
        query = scoped(query, ctx, Permission.FULFILMENT_READ, "location__organisation")
    return {row.id: row for row in await query}


@for_anyone
async def of_orders(ctx: Context, order_ids: Sequence[int]) -> dict[int, list[Fulfilment]]:
    """The fulfilments of orders that the caller has been shown, oldest first."""
    found: dict[int, list[Fulfilment]] = {order_id: [] for order_id in order_ids}
    for row in await Fulfilment.filter(order_id__in=set(order_ids)).order_by("id"):
        found[row.order_id].append(row)
    return found


@for_anyone
async def lines_of(ctx: Context, fulfilment_ids: Sequence[int]) -> dict[int, list[FulfilmentLine]]:
    """The lines of fulfilments that the caller has been shown."""
    found: dict[int, list[FulfilmentLine]] = {row_id: [] for row_id in fulfilment_ids}
    for line in await FulfilmentLine.filter(fulfilment_id__in=set(fulfilment_ids)).order_by("id"):
        found[line.fulfilment_id].append(line)
    return found


@for_anyone
async def with_own_pickup(ctx: Context, fulfilment_ids: Sequence[int]) -> set[int]:
    """Those whose pickup code the caller may see: of their own orders, nobody else's."""
    if not ctx.actor.is_customer:
        return set()
    own = Fulfilment.filter(id__in=set(fulfilment_ids), pickup_code__isnull=False)
    return {row.id for row in await own.filter(of_own_orders(ctx)).only("id")}


@for_anyone
async def of_lines(ctx: Context, line_ids: Sequence[int]) -> dict[int, list[Fulfilment]]:
    """The fulfilments that bring pieces of order lines which the caller has been shown, oldest first."""
    parts = await FulfilmentLine.filter(order_line_id__in=set(line_ids)).order_by("fulfilment_id")
    ids = {part.fulfilment_id for part in parts}
    rows = {row.id: row for row in await Fulfilment.filter(id__in=ids)} if ids else {}
    found: dict[int, list[Fulfilment]] = {line_id: [] for line_id in line_ids}
    for part in parts:
        found[part.order_line_id].append(rows[part.fulfilment_id])
    return found


async def locked(ctx: Context, fulfilment_id: int) -> tuple[Order, Fulfilment]:
    """A fulfilment that the caller may work, its order locked; the location is at hand.

    Raises: NotFound outside the caller's territory, StateConflict before the order is paid.
    """
    found = scoped(
        Fulfilment.filter(id=fulfilment_id),
        ctx,
        Permission.FULFILMENT_WRITE,
        "location__organisation",
    )
    return await lock(await found.first())


async def lock(found: Fulfilment | None) -> tuple[Order, Fulfilment]:
    """Lock the order of a fulfilment, then read the fulfilment as it is now.

    Whatever changes the life of an order or of a part of it holds the order's lock.
    """
    if found is None:
        raise NotFound("There is no such fulfilment.", path=("fulfilmentId",))
    order = await Order.filter(id=found.order_id).select_for_update().get()
    fulfilment = await Fulfilment.get(id=found.id).prefetch_related("location")
    if fulfilment.assigned_at is None:
        raise StateConflict("The order is not paid.", state=order.status)
    return order, fulfilment


def due_at(fulfilment: Fulfilment) -> datetime | None:
    """Until when its next step is to be done; None where its place has none to take."""
    row = fulfilment
    terms = Terms(
        row.status, row.assigned_at, row.accept_due_at, row.pickup_expires_at, row.promised_at
    )
    return deadlines.due_at(terms)


def actions(ctx: Context, fulfilment: Fulfilment) -> list[FulfilmentAction]:
    """What the caller may do with it now: a customer confirms, a store does the rest."""
    if fulfilment.assigned_at is None:
        return []
    if ctx.actor.is_customer:
        confirmable = fulfilment.status is FulfilmentStatus.SHIPPED
        return [FulfilmentAction.COMPLETE] if confirmable else []
    steps = available_actions(fulfilment.status, fulfilment.method)
    barred = {FulfilmentAction.CANCEL, *(NEEDS_GOODS if fulfilment.awaits_until else ())}
    return [step for step in steps if step not in barred]


def change(topic: str, order: Order, fulfilment: Fulfilment) -> Change:
    """What to announce of a fulfilment whose location is at hand."""
    return Change(
        topic=topic,
        node_type="Fulfilment",
        node_id=fulfilment.id,
        merchant_id=order.merchant_id,
        organisation_id=fulfilment.location.organisation_id,
        location_id=fulfilment.location_id,
        subject=subject_of(order),
    )


def of_own_orders(ctx: Context) -> Q:
    return Q(order_id__in=Subquery(Order.filter(owned(ctx)).values("id")))
