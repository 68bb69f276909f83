"""Routing decisions as they are kept with each fulfilment, and positions as they are kept with orders.

Of the candidates only whoever was chosen, and the nearest of the others, are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.bounds import ROUTING_CANDIDATES, ROUTING_PICKS
from models.orders.routing import Considered, Pick
from models.stores.coordinates import CoordinateSystem, Point
from resolvers.orders.routing.routing import Route


def route_as_json(route: Route) -> dict[str, Any]:
    """`{"picks", "candidates", "decided_at"}`, the columns of each by their Python names."""
    others = ROUTING_CANDIDATES - sum(each.chosen for each in route.outcome.candidates)
    kept = []
    for each in route.outcome.candidates:
        others -= not each.chosen
        if each.chosen or others >= 0:
            kept.append(each)
    return {
        "picks": [_pick_json(pick) for pick in ROUTING_PICKS.cut(route.picks)],
        "candidates": [_candidate_json(each) for each in ROUTING_CANDIDATES.cut(kept)],
        "decided_at": route.decided_at.isoformat(),
    }


def point_as_json(point: Point) -> dict[str, Any]:
    return {
        "latitude": point.latitude,
        "longitude": point.longitude,
        "system": str(point.system),
    }


def point_of_json(kept: Mapping[str, Any] | None) -> Point | None:
    """The position kept with an order's address, None where none was given."""
    if not kept:
        return None
    return Point(kept["latitude"], kept["longitude"], CoordinateSystem(kept["system"]))


def _pick_json(pick: Pick) -> dict[str, Any]:
    return {
        "location_id": pick.location_id,
        "variant_id": pick.variant_id,
        "quantity": pick.quantity,
        "distance_metres": pick.distance_metres,
    }


def _candidate_json(candidate: Considered) -> dict[str, Any]:
    return {
        "location_id": candidate.location_id,
        "distance_metres": candidate.distance_metres,
        "chosen": candidate.chosen,
        "refused_because": [str(reason) for reason in candidate.refused_because],
    }
