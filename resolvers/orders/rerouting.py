"""A store rejects what was routed to it: the pieces go on to the next nearest that has them, never back.

The store's pieces are given back, the next store's committed, in one transaction. When nobody else has
everything, the part stays where it is, unfillable: the order has been paid for. It goes on as soon as
somebody has the pieces, unless its store finds them after all, or who may cancel orders calls it off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from models.accounts.roles import Permission
from models.database import transaction
from models.money import spread
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order
from models.orders.routing import Pick
from models.orders.states import FulfilmentAction, FulfilmentStatus, next_status
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.orders.fulfilment import histories
from resolvers.orders.fulfilment.fulfilments import change, lines_of, locked
from resolvers.orders.fulfilment.release import assign
from resolvers.orders.fulfilment.snapshot import of_order
from resolvers.orders.fulfilment.steps import take
from resolvers.orders.orders import record_event
from resolvers.orders.routing.records import point_of_json, route_as_json
from resolvers.orders.routing.routing import Destination, Route, route
from resolvers.permissions import requires
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import HoldRequest
from resolvers.validation import text_of


@requires(Permission.FULFILMENT_WRITE)
async def reject(ctx: Context, fulfilment_id: int, reason: str) -> Fulfilment:
    """Send the pieces of a delivery on to other places.

    Answers the fulfilment, which ends here, or is unfillable where nobody else has the pieces.

    Raises: InvalidInput, NotFound, StateConflict.
    """
    text_of(reason, "reason", 200)
    return await transaction(_reject, ctx, fulfilment_id, reason)


async def _reject(ctx: Context, fulfilment_id: int, reason: str) -> Fulfilment:
    order, fulfilment = await locked(ctx, fulfilment_id)
    if not await move_on(ctx, order, fulfilment, reason):
        await _keep(ctx, order, fulfilment, reason)
    return fulfilment


async def move_on(ctx: Context, order: Order, fulfilment: Fulfilment, reason: str) -> bool:
    """End a fulfilment whose order is locked, and send its pieces on; False where nobody else can send them.

    Raises: StateConflict.
    """
    next_status(fulfilment.status, fulfilment.method, FulfilmentAction.REJECT)
    if fulfilment.awaits_until:
        await backorders.lock(order.id)
    lines = (await lines_of(ctx, [fulfilment.id]))[fulfilment.id]
    found = await _next(ctx, order, fulfilment, lines)
    if not found.picks:
        return False
    await take(ctx, fulfilment, FulfilmentAction.REJECT, note=reason)
    if fulfilment.awaits_until:
        await backorders.release(ctx, order.id, fulfilment.id)
    await allocation_holds.release(ctx, order.id, fulfilment.id)
    replacements = await _create(ctx, order, fulfilment, found, lines)
    moved = await record_event(ctx, order, order.status, f"{fulfilment.number}: {reason}")
    parts, _ = await of_order(order.id)
    assigned = await assign(ctx, order, [part for part in parts if part.id in replacements])
    await announce(ctx, [change("fulfilment.changed", order, fulfilment), *assigned, moved])
    return True


async def _keep(ctx: Context, order: Order, fulfilment: Fulfilment, reason: str) -> None:
    """Leave a rejected part at its place, until somebody has its pieces or calls it off."""
    columns: dict[str, Any] = {
        "status": FulfilmentStatus.OPEN,
        "unfillable": True,
        "assignee_id": None,
        "accept_due_at": ctx.now() + timedelta(minutes=max(1, ctx.settings.accept_minutes)),
    }
    before = fulfilment.status
    fulfilment.update_from_dict(columns)
    await fulfilment.save(update_fields=[*columns, "updated_at"])
    await histories.record(ctx, [(fulfilment.id, before)], fulfilment.status, reason)
    moved = await record_event(ctx, order, order.status, f"{fulfilment.number}: {reason}")
    await announce(ctx, [change("fulfilment.changed", order, fulfilment), moved])


async def _next(
    ctx: Context, order: Order, fulfilment: Fulfilment, lines: Sequence[FulfilmentLine]
) -> Route:
    # A part that was called off instead has given something back, if only nothing.
    rejections = Fulfilment.filter(
        order_id=order.id, status=FulfilmentStatus.CANCELLED, refunded_minor__isnull=True
    )
    rejected = {fulfilment.location_id, *[row.location_id for row in await rejections]}
    demand: Counter[int] = Counter()
    for line in lines:
        demand[line.variant_id] += line.quantity
    destination = Destination(
        method=fulfilment.method,
        demand=demand,
        position=point_of_json((order.address or {}).get("position")),
        rejected=frozenset(rejected),
    )
    return await route(replace(ctx, merchant_id=order.merchant_id), destination)


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
    places = dict.fromkeys(pick.location_id for pick in found.picks)
    fees = dict(zip(places, spread(rejected.fee_minor, [1] * len(places)), strict=True))
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
                fee_minor=fees[pick.location_id],
            )
        source = sources[pick.variant_id]
        await FulfilmentLine.create(
            fulfilment_id=created[pick.location_id].id,
            order_line_id=source.order_line_id,
            variant_id=pick.variant_id,
            quantity=pick.quantity,
        )
    requests = [_request(pick, created[pick.location_id]) for pick in found.picks]
    await allocation_holds.hold(ctx, order.id, requests, ctx.now())
    await allocation_holds.commit(ctx, order.id)
    return {each.id for each in created.values()}


def _request(pick: Pick, fulfilment: Fulfilment) -> HoldRequest:
    return HoldRequest(
        variant_id=pick.variant_id,
        location_id=pick.location_id,
        quantity=pick.quantity,
        fulfilment_id=fulfilment.id,
    )
