"""From demands to parcels: which place hands over what, as its stock allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from models.accounts.roles import Permission
from models.errors import InsufficientStock, InvalidInput, NotFound, Refusal
from models.orders.routing import Decision, Pick
from models.orders.states import FulfilmentMethod
from models.stores.coordinates import Point
from models.stores.locations import Location, LocationKind, StoreService
from resolvers.catalog.assortments import assortments
from resolvers.catalog.products import variants
from resolvers.context import ActorKind, Context
from resolvers.orders.checkout import backorders as checkout_backorders
from resolvers.orders.checkout.backorders import Backorder
from resolvers.orders.checkout.lines import FulfilmentDemand
from resolvers.orders.routing.records import route_as_json
from resolvers.orders.routing.routing import Destination, Route, may_send, refusals_of, route
from resolvers.permissions import scoped
from resolvers.stock.levels import availability
from resolvers.stores import locations

COUNTER = (FulfilmentMethod.CARRY_OUT, FulfilmentMethod.CASHIER_COLLECT)


@dataclass(frozen=True, slots=True)
class PlannedFulfilment:
    """What one place hands over in one way; `routing` is the decision that chose the place.

    Of its pieces those of `awaited` variants are yet to come, by `awaits_until`. `fee_minor` is its share of
    what its way costs.
    """

    method: FulfilmentMethod
    location_id: int
    pieces: Mapping[int, int]
    distance_metres: int | None = None
    routing: dict[str, Any] | None = None
    awaited: Mapping[int, int] = field(default_factory=dict)
    awaits_until: date | None = None
    fee_minor: int = 0

    @property
    def at_hand(self) -> Mapping[int, int]:
        """The pieces that are there to be held."""
        return {v: n for v, n in self.pieces.items() if v not in self.awaited}

    @property
    def at_counter(self) -> bool:
        """Sold over the counter, where the safety stock may be sold too."""
        return self.method in COUNTER


@dataclass(slots=True)
class FulfilmentPlan:
    """The parcels found so far, in the order of the demands in the end, and why others were not."""

    parcels: list[PlannedFulfilment]
    refusals: list[Refusal]
    taken: Counter[tuple[int, int]]
    promised: Counter[int] = field(default_factory=Counter)


async def dispatch(
    ctx: Context, demands: Sequence[FulfilmentDemand], position: Point | None
) -> FulfilmentPlan:
    """Parcels for every demand, or refusals; what one takes is not there for the next."""
    done = FulfilmentPlan([], [], Counter())
    stores = await _stores(ctx, demands)
    for counter in (True, False):
        fixed = [each for each in demands if each.method.in_person]
        await _hand_over(ctx, [d for d in fixed if (d.method in COUNTER) is counter], stores, done)
    for demand in demands:
        if not demand.method.in_person:
            await _send(ctx, demand, stores, position, done)
    return done


async def _stores(ctx: Context, demands: Sequence[FulfilmentDemand]) -> dict[int, Location]:
    """The stores that the customer named, or that staff may sell from, by ID."""
    ids = {demand.store_id for demand in demands if demand.store_id is not None}
    found = await locations.by_ids(ctx, sorted(ids)) if ids else {}
    if ids and not ctx.actor.is_customer and ctx.actor.kind is not ActorKind.SYSTEM:
        own = scoped(Location.filter(id__in=ids), ctx, Permission.CART_SERVE, "organisation")
        found = {store.id: store for store in await own}
    return {
        store.id: store
        for store in found.values()
        if store.merchant_id == ctx.merchant_id and store.kind is LocationKind.STORE
    }


async def _hand_over(
    ctx: Context,
    demands: Sequence[FulfilmentDemand],
    stores: Mapping[int, Location],
    done: FulfilmentPlan,
) -> None:
    """Parcels of demands that name their store, either all at the counter or none."""
    open_demands = []
    for demand in demands:
        if refusal := _unfit(demand, stores):
            done.refusals.append(refusal)
        else:
            open_demands.append(demand)
    if not open_demands:
        return
    stock = await availability.at_locations(
        ctx,
        [variant_id for demand in open_demands for variant_id in demand.pieces],
        [demand.store_id or 0 for demand in open_demands],
        counter=open_demands[0].method in COUNTER,
    )
    for demand in open_demands:
        parcel = PlannedFulfilment(demand.method, demand.store_id or 0, demand.pieces)
        if shortages := _short(demand, stock, done.taken):
            later = await _later(ctx, demand, [parcel.location_id], done)
            if later is not None:
                parcel = _awaiting(parcel, later)
            else:
                done.refusals += await _left_out(ctx, demand) or shortages
        _take(done, parcel)


async def _later(
    ctx: Context, demand: FulfilmentDemand, places: Sequence[int], done: FulfilmentPlan
) -> Backorder | None:
    """How the demand is met by goods that are yet to come; nothing that is not there leaves a counter."""
    if demand.method in COUNTER:
        return None
    return await checkout_backorders.find(ctx, demand, places, done.taken, done.promised)


def _awaiting(parcel: PlannedFulfilment, later: Backorder) -> PlannedFulfilment:
    return replace(parcel, awaited=later.pieces, awaits_until=later.expected_on)


def _unfit(demand: FulfilmentDemand, stores: Mapping[int, Location]) -> Refusal | None:
    """Why the store named cannot do it."""
    path = ("fulfilments", demand.number, "storeId")
    store = stores.get(demand.store_id or 0)
    if store is None:
        return NotFound("There is no such store.", path=path)
    if not store.active:
        return InvalidInput("This store takes no orders.", path=path)
    pickup = demand.method is FulfilmentMethod.STORE_PICKUP
    if pickup and StoreService.PICKUP not in store.services:
        return InvalidInput("This store offers no pickup.", path=path)
    return None


async def _left_out(ctx: Context, demand: FulfilmentDemand) -> list[Refusal]:
    """Goods that the store does not carry at all."""
    store_id = demand.store_id or 0
    carried = await assortments.carried(ctx, list(demand.pieces), [store_id])
    missing = [each for each in demand.pieces if (each, store_id) not in carried]
    found = await variants.by_ids(ctx, missing)
    return [
        InvalidInput(
            "This store does not carry SKU {sku}.",
            path=("fulfilments", demand.number, "storeId"),
            sku=found[each].sku,
        )
        for each in missing
    ]


def _short(
    demand: FulfilmentDemand,
    stock: Mapping[tuple[int, int], int],
    taken: Mapping[tuple[int, int], int],
) -> list[Refusal]:
    store_id = demand.store_id or 0
    left = {v: max(0, stock[v, store_id] - taken[v, store_id]) for v in demand.pieces}
    return [
        InsufficientStock(
            variant_id,
            requested=quantity,
            available=left[variant_id],
            path=("fulfilments", demand.number),
        )
        for variant_id, quantity in demand.pieces.items()
        if quantity > left[variant_id]
    ]


async def _send(
    ctx: Context,
    demand: FulfilmentDemand,
    stores: Mapping[int, Location],
    position: Point | None,
    done: FulfilmentPlan,
) -> None:
    """Parcels of a demand that is routed: as many as places send it."""
    path = ("fulfilments", demand.number)
    unknown = demand.store_id is not None and demand.store_id not in stores
    if unknown and not demand.promised:
        done.refusals.append(NotFound("There is no such store.", path=(*path, "storeId")))
        return
    destination = Destination(
        method=demand.method,
        demand=demand.pieces,
        position=position,
        store_id=demand.store_id,
    )
    found = await route(ctx, destination, done.taken)
    if refusals := refusals_of(destination, found, *path):
        able = [each.location_id for each in found.outcome.candidates if may_send(each)]
        if (later := await _later(ctx, demand, able, done)) is None:
            done.refusals += refusals
        else:
            _take(done, _sent_later(demand, found, later))
        return
    decision = route_as_json(found)
    for location_id in dict.fromkeys(pick.location_id for pick in found.picks):
        picks = [pick for pick in found.picks if pick.location_id == location_id]
        pieces = {pick.variant_id: pick.quantity for pick in picks}
        metres = picks[0].distance_metres
        _take(done, PlannedFulfilment(demand.method, location_id, pieces, metres, decision))


def _sent_later(demand: FulfilmentDemand, found: Route, later: Backorder) -> PlannedFulfilment:
    """The parcel of the place that will have everything, with the decision that says so."""
    candidates = tuple(
        replace(each, chosen=True, refused_because=())
        if each.location_id == later.location_id
        else each
        for each in found.outcome.candidates
    )
    metres = next(each.distance_metres for each in candidates if each.chosen)
    picks = tuple(Pick(later.location_id, v, n, metres) for v, n in demand.pieces.items())
    decision = route_as_json(replace(found, outcome=Decision(picks, candidates)))
    parcel = PlannedFulfilment(demand.method, later.location_id, demand.pieces, metres, decision)
    return _awaiting(parcel, later)


def _take(done: FulfilmentPlan, parcel: PlannedFulfilment) -> None:
    done.parcels.append(parcel)
    done.taken.update(
        {(variant_id, parcel.location_id): n for variant_id, n in parcel.at_hand.items()}
    )
    done.promised.update(parcel.awaited)
