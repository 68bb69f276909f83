"""Fulfilments: who may see them, and who may work them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Q, Subquery

from models.accounts.roles import Permission
from models.database import any_id, array, fetch
from models.errors import NotFound, StateConflict
from models.orders import deadlines
from models.orders.deadlines import Terms
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order
from models.orders.states import (
    GIVES_BACK,
    NEEDS_GOODS,
    FulfilmentAction,
    FulfilmentStatus,
    available_actions,
)
from resolvers.background.outbox import Change
from resolvers.context import Context
from resolvers.orders.orders import subject_of
from resolvers.orders.scope import owned
from resolvers.permissions import for_anyone, may, scoped
from resolvers.slices import Slice, rows_of_each


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
async def of_orders(
    ctx: Context, order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[Fulfilment]]:
    """The fulfilments of orders that the caller has been shown, oldest first."""
    return await rows_of_each(Fulfilment, "order_id", order_ids, cut)


@for_anyone
async def lines_of(
    ctx: Context, fulfilment_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[FulfilmentLine]]:
    """The lines of fulfilments that the caller has been shown."""
    return await rows_of_each(FulfilmentLine, "fulfilment_id", fulfilment_ids, cut)


@for_anyone
async def with_own_pickup(ctx: Context, fulfilment_ids: Sequence[int]) -> set[int]:
    """Those whose pickup code the caller may see: of their own orders, nobody else's."""
    if not ctx.actor.is_customer:
        return set()
    own = Fulfilment.filter(id__in=set(fulfilment_ids), pickup_code__isnull=False)
    return {row.id for row in await own.filter(of_own_orders(ctx)).only("id")}


@for_anyone
async def of_lines(
    ctx: Context, line_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[Fulfilment]]:
    """The fulfilments that bring pieces of order lines which the caller has been shown, oldest first."""
    parts = await rows_of_each(
        FulfilmentLine, "order_line_id", line_ids, cut, order="fulfilment_id"
    )
    ids = {part.fulfilment_id for of_line in parts.values() for part in of_line}
    rows = {row.id: row for row in await Fulfilment.filter(id__in=ids)} if ids else {}
    return {
        line_id: [rows[part.fulfilment_id] for part in of_line]
        for line_id, of_line in parts.items()
    }


async def locked(
    ctx: Context, fulfilment_id: int, permission: Permission = Permission.FULFILMENT_WRITE
) -> tuple[Order, Fulfilment]:
    """A fulfilment where the caller holds `permission`, its order locked; the location is at hand.

    Raises: NotFound outside the caller's territory, StateConflict before the order is paid.
    """
    found = scoped(
        Fulfilment.filter(id=fulfilment_id),
        ctx,
        permission,
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


async def actions(
    ctx: Context, fulfilments: Sequence[Fulfilment]
) -> dict[int, list[FulfilmentAction]]:
    """What the caller may do with each now.

    A customer confirms; who holds FULFILMENT_WRITE at the location works it, and ORDER_CANCEL calls it off.
    """
    if ctx.actor.is_customer:
        confirmable = [FulfilmentAction.COMPLETE]
        shipped = FulfilmentStatus.SHIPPED
        return {each.id: confirmable if each.status is shipped else [] for each in fulfilments}
    paths = await _paths(fulfilments)
    return {
        each.id: [step for step in _steps(ctx, each) if _may_take(ctx, step, paths[each.id])]
        for each in fulfilments
    }


async def _paths(fulfilments: Sequence[Fulfilment]) -> dict[int, str]:
    """Where in the organisation tree the location of each lies."""
    ids = [each.id for each in fulfilments]
    rows = await fetch(
        "SELECT fulfilment.id, organisation.path FROM fulfilment"
        " JOIN location ON location.id = fulfilment.location_id"
        " JOIN organisation ON organisation.id = location.organisation_id"
        f" WHERE {any_id('fulfilment.id')}",
        array(ids),
    )
    return {row["id"]: row["path"] for row in rows}


def _steps(ctx: Context, fulfilment: Fulfilment) -> list[FulfilmentAction]:
    """What its state allows, whoever asks."""
    if fulfilment.assigned_at is None:
        return []
    barred = set(NEEDS_GOODS) if fulfilment.awaits_until else set()
    ends = fulfilment.pickup_expires_at
    if ends is not None and ends <= ctx.now():
        barred.add(FulfilmentAction.COLLECT)
    steps = available_actions(fulfilment.status, fulfilment.method)
    return [step for step in steps if step not in barred]


def _may_take(ctx: Context, step: FulfilmentAction, path: str) -> bool:
    gives_back = step in GIVES_BACK
    return may(ctx, Permission.ORDER_CANCEL if gives_back else Permission.FULFILMENT_WRITE, path)


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
