"""Routing decisions as they are kept with each fulfilment, and positions as they are kept with orders.

Of the candidates only the nearest `KEPT_CANDIDATES`, and whoever was chosen, are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.orders.routing import Considered, Pick
from models.stores.coordinates import CoordinateSystem, Point
from resolvers.orders.routing import Route

KEPT_CANDIDATES = 50


def route_as_json(route: Route) -> dict[str, Any]:
    """`{"picks", "candidates", "decided_at"}`, the columns of each by their Python names."""
    kept = [
        each
        for number, each in enumerate(route.outcome.candidates)
        if number < KEPT_CANDIDATES or each.chosen
    ]
    return {
        "picks": [_pick_json(pick) for pick in route.picks],
        "candidates": [_candidate_json(candidate) for candidate in kept],
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
