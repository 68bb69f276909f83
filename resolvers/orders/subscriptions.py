"""Following orders and what is routed to a store, as it happens and as it happened meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.accounts.roles import Permission
from models.errors import NotFound, NotSignedIn
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.outbox import OutboxEvent
from models.stores.locations import Location
from resolvers import feed
from resolvers.background.outbox import give_sequences, last_sequence
from resolvers.context import ActorKind, Context
from resolvers.orders import orders
from resolvers.orders.fulfilment import fulfilments, tickets
from resolvers.permissions import for_anyone, requires, scoped

FollowedFulfilments = AsyncGenerator[tuple[Fulfilment, int]]
FollowedOrders = AsyncGenerator[tuple[Order, int]]


@requires(Permission.FULFILMENT_READ)
async def assigned(ctx: Context, location_id: int, after: int | None) -> FollowedFulfilments:
    """What is routed to a location, each with the sequence to go on from.

    With `after` what came since comes first; without it whatever waits there for its ticket to be
    printed, so that a printer that was off misses nothing.

    Raises: NotFound outside the caller's territory.
    """
    await _check_place(ctx, location_id)
    return _assigned(ctx, location_id, after)


@for_anyone
async def changed(
    ctx: Context, order_id: int | None, store_id: int | None, after: int | None
) -> FollowedOrders:
    """Orders that the caller may see, each time they change; of one order, or one store, or all.

    Raises: NotSignedIn, NotFound for an order that the caller may not see.
    """
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    if order_id is not None and not await orders.by_ids(ctx, [order_id]):
        raise NotFound("There is no such order.", path=("orderId",))
    return _changed(ctx, order_id, store_id, after)


@for_anyone
async def fulfilments_changed(
    ctx: Context, location_id: int | None, fulfilment_id: int | None, after: int | None
) -> FollowedFulfilments:
    """Fulfilments that the caller may see, each time they are assigned or change; at one place, one, or all.

    Raises: NotSignedIn, NotFound for what the caller may not see.
    """
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    if fulfilment_id is not None and not await fulfilments.by_ids(ctx, [fulfilment_id]):
        raise NotFound("There is no such fulfilment.", path=("fulfilmentId",))
    if location_id is not None and not ctx.actor.is_customer:
        await _check_place(ctx, location_id)
    return _fulfilments_changed(ctx, location_id, fulfilment_id, after)


async def _check_place(ctx: Context, location_id: int) -> None:
    here = scoped(Location.filter(id=location_id), ctx, Permission.FULFILMENT_READ, "organisation")
    if not await here.exists():
        raise NotFound("There is no such store or warehouse.", path=("locationId",))


async def _fulfilments_changed(
    ctx: Context, location_id: int | None, fulfilment_id: int | None, after: int | None
) -> FollowedFulfilments:
    customer = ctx.actor.is_customer

    def wanted(event: OutboxEvent) -> bool:
        own = not customer or event.subject == ctx.actor.key
        here = location_id is None or event.location_id == location_id
        return own and here and fulfilment_id in (None, event.node_id)

    topics = ["fulfilment.assigned", "fulfilment.changed"]
    async with aclosing(feed.batches(ctx, topics, after)) as stream:
        async for events in stream:
            own = [event for event in events if wanted(event)]
            ids = [event.node_id for event in own]
            found = await fulfilments.by_ids(ctx, ids) if own else {}
            for event in own:
                if fulfilment := found.get(event.node_id):
                    yield fulfilment, event.sequence or 0


async def _assigned(ctx: Context, location_id: int, after: int | None) -> FollowedFulfilments:
    seen: set[int] = set()
    if after is None:
        # The sequence first: what is assigned while we read comes again by it, and is left out then.
        await give_sequences()
        after = await last_sequence()
        waiting = await tickets.waiting_at(ctx, location_id)
        found = await fulfilments.by_ids(ctx, waiting)
        seen = set(found)
        for fulfilment_id in sorted(found):
            yield found[fulfilment_id], after

    def here(event: OutboxEvent) -> bool:
        return event.location_id == location_id and event.node_id not in seen

    async with aclosing(feed.subscribe(ctx, ["fulfilment.assigned"], after, here)) as events:
        async for event in events:
            found = await fulfilments.by_ids(ctx, [event.node_id])
            for fulfilment in found.values():
                yield fulfilment, event.sequence or 0


async def _changed(
    ctx: Context, order_id: int | None, store_id: int | None, after: int | None
) -> FollowedOrders:
    customer = ctx.actor.is_customer

    def wanted(event: OutboxEvent) -> bool:
        own = not customer or event.subject == ctx.actor.key
        return own and (order_id is None or event.node_id == order_id)

    async with aclosing(feed.batches(ctx, ["order.changed"], after)) as stream:
        async for events in stream:
            own = [event for event in events if wanted(event)]
            found = await orders.by_ids(ctx, [event.node_id for event in own]) if own else {}
            if found and store_id is not None:
                found = await _concerning(found, store_id)
            for event in own:
                if order := found.get(event.node_id):
                    yield order, event.sequence or 0


async def _concerning(found: dict[int, Order], store_id: int) -> dict[int, Order]:
    """Those of the orders that count for a store or are fulfilled there in part."""
    elsewhere = [row.id for row in found.values() if row.attribution_store_id != store_id]
    here = Fulfilment.filter(order_id__in=elsewhere, location_id=store_id)
    fulfilled = set(await here.values_list("order_id", flat=True)) if elsewhere else set()
    elsewhere_only = set(elsewhere) - fulfilled
    return {row_id: row for row_id, row in found.items() if row_id not in elsewhere_only}
