"""Points on the earth and the three coordinate systems of Chinese phones and maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, cos, hypot, pi, radians, sin, sqrt

from models.stores import gcj02_boundary


class CoordinateSystem(StrEnum):
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


class InvalidPoint(ValueError):
    """An invalid coordinate; `field` is latitude, longitude or system."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees, in the system it was given in.

    Raises: InvalidPoint when out of range or not a number.
    """

    latitude: float
    longitude: float
    system: CoordinateSystem = CoordinateSystem.WGS84

    def __post_init__(self) -> None:
        _check("latitude", self.latitude, 90)
        _check("longitude", self.longitude, 180)
        if not isinstance(self.system, CoordinateSystem):
            raise InvalidPoint("system", "The coordinate system must be WGS84, GCJ02 or BD09.")


def convert(point: Point, system: CoordinateSystem) -> Point:
    """Return the same position in another system; outside mainland China all three agree.

    Within a kilometre of the border a shifted point may belong to a position on either side. It is read as
    one of the mainland, whose stores and customers use shifted points.
    """
    if point.system is system:
        return point
    latitude, longitude = point.latitude, point.longitude
    if gcj02_boundary.may_contain(latitude, longitude):
        true_position = _unshift(_SHIFTS[point.system], latitude, longitude)
        if gcj02_boundary.contains(*true_position):
            latitude, longitude = _SHIFTS[system](*true_position)
    return Point(latitude, longitude, system)


def _check(field: str, degrees: object, limit: int) -> None:
    is_number = isinstance(degrees, int | float) and not isinstance(degrees, bool)
    if not (is_number and -limit <= degrees <= limit):  # type: ignore[operator]  # NaN fails too
        raise InvalidPoint(field, f"The {field} must lie between -{limit} and {limit} degrees.")


_Shift = Callable[[float, float], tuple[float, float]]

_KRASOVSKY_METRES = 6_378_245.0
_KRASOVSKY_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_BD09_ANGULAR_FREQUENCY = pi * 3000 / 180


def _unshifted(latitude: float, longitude: float) -> tuple[float, float]:
    return latitude, longitude


def _gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """Convert WGS-84 to GCJ-02.

    Source: the published reconstruction of GB 20263's offset; measured from 105° E, 35° N.
    """
    north, east = _gcj02_offset_metres(longitude - 105, latitude - 35)
    squash = 1 - _KRASOVSKY_ECCENTRICITY_SQUARED * sin(radians(latitude)) ** 2
    meridian = _KRASOVSKY_METRES * (1 - _KRASOVSKY_ECCENTRICITY_SQUARED) / squash**1.5
    parallel = _KRASOVSKY_METRES / sqrt(squash) * cos(radians(latitude))
    return latitude + north / radians(meridian), longitude + east / radians(parallel)


def _gcj02_offset_metres(x: float, y: float) -> tuple[float, float]:
    root = sqrt(abs(x))
    ripple = (20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20 * sin(pi * y) + 40 * sin(pi * y / 3)) * 2 / 3
    north += (160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20 * sin(pi * x) + 40 * sin(pi * x / 3)) * 2 / 3
    east += (150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
    return north, east


def _bd09(latitude: float, longitude: float) -> tuple[float, float]:
    """Convert WGS-84 to BD-09: Baidu shifts GCJ-02 once more, in polar form."""
    y, x = _gcj02(latitude, longitude)
    radius = hypot(x, y) + 0.000_02 * sin(y * _BD09_ANGULAR_FREQUENCY)
    angle = atan2(y, x) + 0.000_003 * cos(x * _BD09_ANGULAR_FREQUENCY)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


_SHIFTS: dict[CoordinateSystem, _Shift] = {
    CoordinateSystem.WGS84: _unshifted,
    CoordinateSystem.GCJ02: _gcj02,
    CoordinateSystem.BD09: _bd09,
}
_ROUNDS = 6  # each reduces the error, initially below a kilometre, to less than a hundredth


def _unshift(shift: _Shift, latitude: float, longitude: float) -> tuple[float, float]:
    """Invert `shift` by fixed-point iteration."""
    guess = latitude, longitude
    for _ in range(_ROUNDS):
        shifted = shift(*guess)
        guess = guess[0] + latitude - shifted[0], guess[1] + longitude - shifted[1]
    return guess
