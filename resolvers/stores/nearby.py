"""Walking through stores by distance: a box on the index grows until it holds enough of them.

A store stands at (geodesic metres to the millimetre, code), which is also the key of its cursor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import pi, sqrt

from models.database import records
from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.distance import (
    EARTH_RADIUS_METRES,
    Box,
    Candidate,
    Ranked,
    bounding_boxes,
    haversine_metres,
    nearest,
)
from resolvers.sql_pagination import Conditions

Place = tuple[float, str]
# By conditions: a radius that was wide enough lately. It is only where to begin, and changes in steps,
# so that boxes around the same point are the same.
habits: dict[str, float] = {}
Keep = Callable[[list[Candidate[int]]], Awaitable[list[Candidate[int]]]]

FIRST_RADIUS_METRES = 4_000.0
GROWTH = 4
STEP = 1.5  # from one first radius to the next
FIRST_AT_MOST_METRES = 100_000.0
HABITS = 256
HALF_WAY_ROUND_METRES = pi * EARTH_RADIUS_METRES * 1.01
_CIRCLE_OF_ITS_BOX = pi / 4
_ELLIPSOID_SLACK = 1.01  # haversine is less than 0.6 % off the geodesic
_SLACK_METRES = 2.0


async def walk(
    origin: Point,
    conditions: Conditions,
    *,
    after: Place | None,
    limit: int,
    within_metres: float | None,
    keep: Keep,
) -> list[Ranked[int]]:
    """The next `limit` stores beyond `after`, nearest first, that meet `conditions` and `keep`."""
    place = convert(origin, CoordinateSystem.WGS84)
    furthest = HALF_WAY_ROUND_METRES if within_metres is None else float(within_metres)
    first = habits.get(habit := str(conditions), FIRST_RADIUS_METRES)
    radius = min(furthest, max(first, GROWTH * after[0] if after else 0.0))
    while True:
        candidates = await keep(await candidates_in(conditions, place, radius))
        near = len(candidates) * _CIRCLE_OF_ITS_BOX
        if len(candidates) >= limit or radius >= furthest:
            found = _ranked(place, candidates, after, limit, radius)
            if len(found) >= limit or radius >= furthest:
                if after is None:
                    enough = len(found) >= limit
                    _learn(habit, first, found[limit - 1].distance_metres if enough else radius)
                return found[:limit]
            near = len(found)
        radius = min(furthest, radius * _growth(near, limit))


def _learn(habit: str, first: float, needed: float) -> None:
    """Begin wider at once where that was needed, and narrower only where it is much too wide."""
    wider = first
    while wider < min(needed, FIRST_AT_MOST_METRES):
        wider *= STEP
    if first > FIRST_RADIUS_METRES and needed * 4 <= first:
        wider = first / STEP
    if wider != first:
        if len(habits) >= HABITS:
            habits.clear()
        habits[habit] = wider


def _growth(found: float, limit: int) -> float:
    """How much wider to look, if stores lie as densely there as those that were found."""
    return min(float(GROWTH), 1.3 * sqrt(limit / found)) if found else GROWTH


async def candidates_in(
    conditions: Conditions, place: Point, radius_metres: float
) -> list[Candidate[int]]:
    """Everything in the boxes around the radius; some of it lies a little beyond."""
    boxes = bounding_boxes(place, radius_metres)
    values = [edge for box in boxes for edge in (box.south, box.north, box.west, box.east)]
    found = await records(
        "SELECT o.id, o.code, o.latitude_wgs84, o.longitude_wgs84 FROM location o"
        f" WHERE {conditions} AND ({' OR '.join(map(_inside, boxes))})",
        *conditions.values,
        *values,
    )
    return [tuple(row) for row in found]


def _ranked(
    place: Point,
    candidates: list[Candidate[int]],
    after: Place | None,
    limit: int,
    radius: float,
) -> list[Ranked[int]]:
    skipped = 0
    if after is not None:
        candidates, skipped = _beyond(place, candidates, after[0])
    ranked = nearest(place, candidates, limit + skipped, radius)
    if after is None:
        return ranked
    return [each for each in ranked if (each.distance_metres, each.code) > after]


def _beyond(
    place: Point, candidates: list[Candidate[int]], metres: float
) -> tuple[list[Candidate[int]], int]:
    """Those that may lie beyond the distance, and how many of them may yet turn out not to."""
    measured = [
        (haversine_metres(place.latitude, place.longitude, row[2], row[3]), row)
        for row in candidates
    ]
    low = metres / _ELLIPSOID_SLACK - _SLACK_METRES
    high = metres * _ELLIPSOID_SLACK + _SLACK_METRES
    left = [(far, row) for far, row in measured if far >= low]
    return [row for _, row in left], sum(far <= high for far, _ in left)


def _inside(box: Box) -> str:
    return "(o.latitude_wgs84 BETWEEN ? AND ? AND o.longitude_wgs84 BETWEEN ? AND ?)"
