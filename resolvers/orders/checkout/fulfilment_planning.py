"""Planned fulfilments for demands: which location hands over what, as its stock allows."""

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
from resolvers.orders.checkout.lines import FulfilmentDemand, LevelKey
from resolvers.orders.routing.records import route_as_json
from resolvers.orders.routing.routing import Destination, Route, may_send, refusals_of, route
from resolvers.permissions import scoped
from resolvers.stock.levels import availability
from resolvers.stores import locations

COUNTER = (FulfilmentMethod.CARRY_OUT, FulfilmentMethod.CASHIER_COLLECT)


@dataclass(frozen=True, slots=True)
class PlannedFulfilment:
    """The quantities, by variant ID, that one location hands over by one method.

    `routing` is the decision that chose the location. `awaited` quantities arrive by `awaits_until`.
    `fee_minor` is the share of the delivery fee of its method.
    """

    method: FulfilmentMethod
    location_id: int
    quantities: Mapping[int, int]
    distance_metres: int | None = None
    routing: dict[str, Any] | None = None
    awaited: Mapping[int, int] = field(default_factory=dict)
    awaits_until: date | None = None
    fee_minor: int = 0

    @property
    def in_stock(self) -> Mapping[int, int]:
        """The quantities that can be held now."""
        return {v: n for v, n in self.quantities.items() if v not in self.awaited}

    @property
    def at_counter(self) -> bool:
        """Whether it is sold over the counter, where the safety stock may be sold too."""
        return self.method in COUNTER


@dataclass(slots=True)
class FulfilmentPlan:
    """The fulfilments found so far, and the refusals of demands that cannot be met.

    `allocated` and `backordered` are the quantities that these fulfilments need of stock and of backorders.
    """

    fulfilments: list[PlannedFulfilment] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    allocated: Counter[LevelKey] = field(default_factory=Counter)
    backordered: Counter[int] = field(default_factory=Counter)

    def add(self, fulfilment: PlannedFulfilment) -> None:
        """Add a fulfilment; later demands cannot have what it needs."""
        self.fulfilments.append(fulfilment)
        for variant_id, quantity in fulfilment.in_stock.items():
            self.allocated[variant_id, fulfilment.location_id] += quantity
        self.backordered.update(fulfilment.awaited)


async def plan_fulfilments(
    ctx: Context, demands: Sequence[FulfilmentDemand], position: Point | None
) -> FulfilmentPlan:
    """Return fulfilments for every demand, or refusals.

    Stock allocated to one demand is not available to the next.
    """
    plan = FulfilmentPlan()
    stores = await _stores(ctx, demands)
    for counter in (True, False):
        fixed = [each for each in demands if each.method.in_person]
        await _hand_over(ctx, [d for d in fixed if (d.method in COUNTER) is counter], stores, plan)
    for demand in demands:
        if not demand.method.in_person:
            await _send(ctx, demand, stores, position, plan)
    return plan


async def _stores(ctx: Context, demands: Sequence[FulfilmentDemand]) -> dict[int, Location]:
    """Return by ID the stores that the customer named, or that staff may sell from."""
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
    plan: FulfilmentPlan,
) -> None:
    """Plan demands that name their store; either all of them are at the counter or none."""
    open_demands = []
    for demand in demands:
        if refusal := _unfit(demand, stores):
            plan.refusals.append(refusal)
        else:
            open_demands.append(demand)
    if not open_demands:
        return
    stock = await availability.at_locations(
        ctx,
        [variant_id for demand in open_demands for variant_id in demand.quantities],
        [demand.store_id or 0 for demand in open_demands],
        counter=open_demands[0].method in COUNTER,
    )
    for demand in open_demands:
        planned = PlannedFulfilment(demand.method, demand.store_id or 0, demand.quantities)
        if shortages := _short(demand, stock, plan.allocated):
            backorder = await _backorder(ctx, demand, [planned.location_id], plan)
            if backorder is not None:
                planned = _awaiting(planned, backorder)
            else:
                plan.refusals += await _left_out(ctx, demand) or shortages
        plan.add(planned)


async def _backorder(
    ctx: Context, demand: FulfilmentDemand, location_ids: Sequence[int], plan: FulfilmentPlan
) -> Backorder | None:
    """Return the backorder that meets a demand; a counter hands over only what is in stock."""
    if demand.method in COUNTER:
        return None
    return await checkout_backorders.find(
        ctx, demand, location_ids, plan.allocated, plan.backordered
    )


def _awaiting(planned: PlannedFulfilment, backorder: Backorder) -> PlannedFulfilment:
    return replace(planned, awaited=backorder.quantities, awaits_until=backorder.expected_on)


def _unfit(demand: FulfilmentDemand, stores: Mapping[int, Location]) -> Refusal | None:
    """Return why the named store cannot meet a demand, None where it can."""
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
    """Return refusals of the goods that the store does not carry at all."""
    store_id = demand.store_id or 0
    carried = await assortments.carried(ctx, list(demand.quantities), [store_id])
    missing = [each for each in demand.quantities if (each, store_id) not in carried]
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
    stock: Mapping[LevelKey, int],
    allocated: Mapping[LevelKey, int],
) -> list[Refusal]:
    """Return a refusal for each variant that the store has too little of."""
    store_id = demand.store_id or 0
    keys = {v: (v, store_id) for v in demand.quantities}
    left = {v: max(0, stock[key] - allocated.get(key, 0)) for v, key in keys.items()}
    return [
        InsufficientStock(
            variant_id,
            requested=quantity,
            available=left[variant_id],
            path=("fulfilments", demand.number),
        )
        for variant_id, quantity in demand.quantities.items()
        if quantity > left[variant_id]
    ]


async def _send(
    ctx: Context,
    demand: FulfilmentDemand,
    stores: Mapping[int, Location],
    position: Point | None,
    plan: FulfilmentPlan,
) -> None:
    """Plan a demand that is routed, with a fulfilment for each location that sends some of it."""
    path = ("fulfilments", demand.number)
    unknown = demand.store_id is not None and demand.store_id not in stores
    if unknown and not demand.promised:
        plan.refusals.append(NotFound("There is no such store.", path=(*path, "storeId")))
        return
    destination = Destination(
        method=demand.method,
        demand=demand.quantities,
        position=position,
        store_id=demand.store_id,
    )
    found = await route(ctx, destination, plan.allocated)
    if refusals := refusals_of(destination, found, *path):
        able = [each.location_id for each in found.outcome.candidates if may_send(each)]
        if (backorder := await _backorder(ctx, demand, able, plan)) is None:
            plan.refusals += refusals
        else:
            plan.add(_sent_later(demand, found, backorder))
        return
    decision = route_as_json(found)
    for location_id in dict.fromkeys(pick.location_id for pick in found.picks):
        picks = [pick for pick in found.picks if pick.location_id == location_id]
        quantities = {pick.variant_id: pick.quantity for pick in picks}
        metres = picks[0].distance_metres
        plan.add(PlannedFulfilment(demand.method, location_id, quantities, metres, decision))


def _sent_later(demand: FulfilmentDemand, found: Route, backorder: Backorder) -> PlannedFulfilment:
    """Return the fulfilment of the location that will have everything, with the decision that chose it."""
    candidates = tuple(
        replace(each, chosen=True, refused_because=())
        if each.location_id == backorder.location_id
        else each
        for each in found.outcome.candidates
    )
    metres = next(each.distance_metres for each in candidates if each.chosen)
    picks = tuple(Pick(backorder.location_id, v, n, metres) for v, n in demand.quantities.items())
    decision = route_as_json(replace(found, outcome=Decision(picks, candidates)))
    planned = PlannedFulfilment(
        demand.method, backorder.location_id, demand.quantities, metres, decision
    )
    return _awaiting(planned, backorder)
