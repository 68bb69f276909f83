"""From which places an order is sent: the candidates around its destination, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.errors import InsufficientStock, OutOfRange, Refusal
from models.orders.routing import (
    Candidate,
    Considered,
    Decision,
    Pick,
    Quantities,
    RefusalReason,
    Shortage,
    decide,
)
from models.orders.states import FulfilmentMethod
from models.stores.coordinates import Point
from models.stores.locations import StoreService
from resolvers.context import Context
from resolvers.orders.routing import candidates as routing_candidates
from resolvers.orders.routing.candidates import Sender

# Looked at first; only when they cannot send it in one parcel, everything farther away too.
NEARBY_METRES = 20_000

Taken = Mapping[tuple[int, int], int]
"""Pieces by (variant, location) that the same order takes already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What is asked for and where to. `store_id` names the only place that may send it.

    `position` is empty only for EXPRESS: then the lower code comes first. `rejected` are the places that
    will not be asked again.
    """

    method: FulfilmentMethod
    demand: Quantities
    position: Point | None
    store_id: int | None = None
    rejected: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """A decision or a shortage."""

    outcome: Decision | Shortage
    decided_at: datetime

    @property
    def picks(self) -> tuple[Pick, ...]:
        return self.outcome.picks if isinstance(self.outcome, Decision) else ()


async def route(ctx: Context, destination: Destination, taken: Taken | None = None) -> Route:
    """Where `destination` is sent from.

    Places within `NEARBY_METRES` decide when one of them can send everything: none farther away could
    be better. The answer is the same as from all places.
    """
    if destination.position is not None and destination.store_id is None:
        near = await _senders(ctx, destination, NEARBY_METRES)
        found = _decide(ctx, destination, near, taken or {})
        if _settled(found):
            return found
    return _decide(ctx, destination, await _senders(ctx, destination, None), taken or {})


def refusals_of(destination: Destination, route: Route, *path: str | int) -> list[Refusal]:
    """Why a route leads nowhere; empty for one that does."""
    if isinstance(route.outcome, Decision):
        return []
    if not any(may_send(candidate) for candidate in route.outcome.candidates):
        return [OutOfRange("No store delivers there.", path=path)]
    return [
        InsufficientStock(
            variant_id,
            requested=destination.demand[variant_id],
            available=destination.demand[variant_id] - missing,
            path=path,
        )
        for variant_id, missing in route.outcome.missing.items()
    ]


async def _senders(
    ctx: Context, destination: Destination, radius_metres: int | None
) -> list[Sender]:
    """The places to look at."""
    position = destination.position
    if destination.store_id is not None:
        return await routing_candidates.one(ctx, destination.demand, destination.store_id, position)
    if position is None:
        return await routing_candidates.all_of(ctx, destination.demand)
    near = await routing_candidates.within(ctx, destination.demand, position, radius_metres)
    if radius_metres is None and destination.method is FulfilmentMethod.EXPRESS:
        near += await routing_candidates.without_position(ctx, destination.demand)
    return near


def _decide(
    ctx: Context, destination: Destination, places: Sequence[Sender], taken: Taken
) -> Route:
    candidates = [_candidate(destination, place, taken) for place in places]
    return Route(decide(destination.demand, candidates), ctx.now())


def _candidate(destination: Destination, place: Sender, taken: Taken) -> Candidate:
    refusals = _refusals(destination, place)
    left = {
        v: rest for v, n in place.available.items() if (rest := n - taken.get((v, place.id), 0)) > 0
    }
    return Candidate(
        location_id=place.id,
        code=place.code,
        distance_metres=None if place.metres is None else round(place.metres),
        available={} if refusals else left,
        refusals=refusals,
    )


def _refusals(destination: Destination, place: Sender) -> tuple[RefusalReason, ...]:
    reasons = []
    if not place.active:
        reasons.append(RefusalReason.INACTIVE)
    if place.id in destination.rejected:
        reasons.append(RefusalReason.ALREADY_REJECTED)
    if destination.method is FulfilmentMethod.STORE_DELIVERY:
        radius = place.delivery_radius_metres
        if StoreService.DELIVERY not in place.services:
            reasons.append(RefusalReason.SERVICE_NOT_OFFERED)
        if place.metres is None or (radius is not None and place.metres > radius):
            reasons.append(RefusalReason.OUT_OF_RADIUS)
    return tuple(reasons)


def _settled(route: Route) -> bool:
    """Whether one parcel does it, so that no place farther away could be better."""
    return len({pick.location_id for pick in route.picks}) == 1


def may_send(candidate: Considered) -> bool:
    """Whether a place would send it, if it had it."""
    return candidate.refused_because == (RefusalReason.INSUFFICIENT_STOCK,)
