"""Distances between positions, bounding boxes for a radius, and the nearest of many positions.

Source: the length of a path on the WGS-84 ellipsoid is its length on the unit sphere (same latitudes and
longitudes) times a radius of curvature between the smallest and the largest one; so haversine bounds the
geodesic from both sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest
from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import Generic, TypeVar

from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.vincenty import inverse_metres

Key = TypeVar("Key")
Candidate = tuple[Key, str, float, float]  # key, code, WGS-84 latitude, longitude

EARTH_RADIUS_METRES = 6_371_008.8
_SMALLEST_CURVATURE_METRES = 6_335_439.0  # along the meridian at the equator
_LARGEST_CURVATURE_METRES = 6_399_594.0  # at the poles
_VINCENTY_METRES = 3_000_000.0
_ROUNDING_METRES = 1.0  # haversine of nearly antipodal points loses decimetres to rounding


@dataclass(frozen=True, slots=True)
class Box:
    """A box in WGS-84 degrees, edges included; west never exceeds east."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Key]):
    key: Key
    code: str
    distance_metres: float


def haversine_metres(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Return the great-circle distance between two points in degrees; up to 0.56 % off the geodesic."""
    north, other_north = radians(latitude), radians(other_latitude)
    half_rise = sin((other_north - north) / 2)
    half_longitude = sin(radians(other_longitude - longitude) / 2)
    share = min(1.0, half_rise**2 + cos(north) * cos(other_north) * half_longitude**2)
    return 2 * EARTH_RADIUS_METRES * atan2(sqrt(share), sqrt(1 - share))


def geodesic_metres(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Return the distance on the WGS-84 ellipsoid between two points in degrees, to the millimetre.

    Source: C. F. F. Karney, Algorithms for geodesics, 2013; within a continent Vincenty's, which agrees.
    """
    near = inverse_metres(latitude, longitude, other_latitude, other_longitude)
    if near is not None and near < _VINCENTY_METRES:
        return round(near, 3)
    from geopy.distance import geodesic  # loads slowly

    exact: float = geodesic((latitude, longitude), (other_latitude, other_longitude)).meters
    return round(exact, 3)


def bounding_boxes(point: Point, radius_metres: float) -> list[Box]:
    """Return one box, or two at the antimeridian, that contain every position within the radius."""
    centre = convert(point, CoordinateSystem.WGS84)
    reach = (_not_negative(radius_metres) + _ROUNDING_METRES) / _SMALLEST_CURVATURE_METRES
    south = centre.latitude - degrees(reach)
    north = centre.latitude + degrees(reach)
    if south <= -90 or north >= 90:
        return [Box(max(south, -90.0), -180.0, min(north, 90.0), 180.0)]
    half_width = degrees(asin(min(1.0, sin(reach) / cos(radians(centre.latitude)))))
    west, east = centre.longitude - half_width, centre.longitude + half_width
    if west <= -180:
        return [Box(south, west + 360, north, 180.0), Box(south, -180.0, north, east)]
    if east >= 180:
        return [Box(south, west, north, 180.0), Box(south, -180.0, north, east - 360)]
    return [Box(south, west, north, east)]


def nearest(
    origin: Point,
    candidates: Iterable[Candidate[Key]],
    limit: int,
    within_metres: float | None = None,
) -> list[Ranked[Key]]:
    """Return the candidates nearest by geodesic, nearest first; of equal distances, the lower code first.

    Distances are compared to the millimetre, `within_metres` inclusive.
    """
    if limit < 1:
        raise ValueError("The limit must be at least 1.")
    centre = convert(origin, CoordinateSystem.WGS84)
    reach = float("inf") if within_metres is None else _not_negative(within_metres)
    ranked = (
        Ranked(key, code, geodesic_metres(centre.latitude, centre.longitude, latitude, longitude))
        for key, code, latitude, longitude in _finalists(centre, candidates, limit, reach)
    )
    near = (row for row in ranked if row.distance_metres <= reach)
    return nsmallest(limit, near, key=lambda row: (row.distance_metres, row.code))


def _finalists(
    centre: Point, candidates: Iterable[Candidate[Key]], limit: int, reach_metres: float
) -> list[Candidate[Key]]:
    """Return the candidates whose smallest possible geodesic is within reach and within the limit."""
    measured = [
        (haversine_metres(centre.latitude, centre.longitude, row[2], row[3]), row)
        for row in candidates
    ]
    closest = nsmallest(limit, (metres for metres, _ in measured))
    reach = reach_metres
    if len(closest) == limit:
        most = closest[-1] * _LARGEST_CURVATURE_METRES / EARTH_RADIUS_METRES
        reach = min(reach, most + _ROUNDING_METRES)
    cut = (reach + _ROUNDING_METRES) * EARTH_RADIUS_METRES / _SMALLEST_CURVATURE_METRES
    return [row for metres, row in measured if metres <= cut]


def _not_negative(metres: float) -> float:
    if not metres >= 0:  # NaN fails too
        raise ValueError("A distance must not be negative.")
    return metres
