"""A store rejects what was routed to it: the pieces go on to the next nearest that has them, never back.

The store's pieces are given back, the next store's committed, in one transaction. When nobody else has
everything, the rejection is refused with what is missing: the order has been paid for, so its store
keeps it until somebody who may cancel orders does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import Refusals
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order
from models.orders.routing import Pick
from models.orders.states import FulfilmentAction, FulfilmentStatus
from resolvers.context import Context
from resolvers.orders.assigning import assign
from resolvers.orders.fulfilment_steps import take
from resolvers.orders.fulfilments import change, lines_of, locked
from resolvers.orders.orders import record_event
from resolvers.orders.parts import of_order
from resolvers.orders.routing import Destination, Route, refusals_of, route
from resolvers.orders.routing_records import point_of_json, route_as_json
from resolvers.outbox import announce
from resolvers.permissions import requires
from resolvers.stock import backorders, reservations
from resolvers.stock.reservations import HoldRequest
from resolvers.validation import text_of


@requires(Permission.FULFILMENT_WRITE)
async def reject(ctx: Context, fulfilment_id: int, reason: str) -> Fulfilment:
    """Send the pieces of a delivery on to other places; answers the fulfilment that ends here.

    Raises: InvalidInput, NotFound, StateConflict, Refusals when nobody else can send it.
    """
    text_of(reason, "reason", 200)
    return await transaction(_reject, ctx, fulfilment_id, reason)


async def _reject(ctx: Context, fulfilment_id: int, reason: str) -> Fulfilment:
    order, fulfilment = await locked(ctx, fulfilment_id)
    await move_on(ctx, order, fulfilment, reason)
    return fulfilment


async def move_on(ctx: Context, order: Order, fulfilment: Fulfilment, reason: str) -> None:
    """End a fulfilment whose order is locked, and send its pieces on.

    Raises: StateConflict, Refusals when nobody else can send them.
    """
    if fulfilment.awaits_until:
        await backorders.lock(order.id)
    await take(ctx, fulfilment, FulfilmentAction.REJECT, note=reason)
    lines = (await lines_of(ctx, [fulfilment.id]))[fulfilment.id]
    found = await _next(ctx, order, fulfilment, lines)
    if fulfilment.awaits_until:
        await backorders.release(ctx, order.id, fulfilment.id)
    await reservations.release(ctx, order.id, fulfilment.id)
    replacements = await _create(ctx, order, fulfilment, found, lines)
    moved = await record_event(ctx, order, order.status, f"{fulfilment.number}: {reason}")
    parts, _ = await of_order(order.id)
    assigned = await assign(ctx, order, [part for part in parts if part.id in replacements])
    await announce(ctx, [change("fulfilment.changed", order, fulfilment), *assigned, moved])


async def _next(
    ctx: Context, order: Order, fulfilment: Fulfilment, lines: Sequence[FulfilmentLine]
) -> Route:
    # A part of a paid order is cancelled only by the store that rejects it.
    rejections = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.CANCELLED)
    rejected = frozenset([row.location_id for row in await rejections])
    demand: Counter[int] = Counter()
    for line in lines:
        demand[line.variant_id] += line.quantity
    destination = Destination(
        method=fulfilment.method,
        demand=demand,
        position=point_of_json((order.address or {}).get("position")),
        rejected=rejected,
    )
    found = await route(replace(ctx, merchant_id=order.merchant_id), destination)
    if refusals := refusals_of(destination, found, "fulfilmentId"):
        raise Refusals(refusals)
    return found


async def _create(
    ctx: Context,
    order: Order,
    rejected: Fulfilment,
    found: Route,
    lines: Sequence[FulfilmentLine],
) -> set[int]:
    """New fulfilments where the route leads, their pieces committed."""
    number = await Fulfilment.filter(order_id=order.id).count()
    sources = {line.variant_id: line for line in lines}
    created: dict[int, Fulfilment] = {}
    for pick in found.picks:
        if pick.location_id not in created:
            created[pick.location_id] = await Fulfilment.create(
                order_id=order.id,
                number=f"{order.number}-{number + len(created) + 1}",
                method=rejected.method,
                location_id=pick.location_id,
                distance_metres=pick.distance_metres,
                routing=route_as_json(found),
                promised_at=rejected.promised_at,
            )
        source = sources[pick.variant_id]
        await FulfilmentLine.create(
            fulfilment_id=created[pick.location_id].id,
            order_line_id=source.order_line_id,
            variant_id=pick.variant_id,
            quantity=pick.quantity,
        )
    requests = [_request(pick, created[pick.location_id]) for pick in found.picks]
    await reservations.hold(ctx, order.id, requests, ctx.now())
    await reservations.commit(ctx, order.id)
    return {each.id for each in created.values()}


def _request(pick: Pick, fulfilment: Fulfilment) -> HoldRequest:
    return HoldRequest(
        variant_id=pick.variant_id,
        location_id=pick.location_id,
        quantity=pick.quantity,
        fulfilment_id=fulfilment.id,
    )
