"""The places that may send a delivery, as narrow rows with their distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orjson import loads

from models.database import records
from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.distance import bounding_boxes, geodesic_metres
from resolvers.context import Context

_COLUMNS = (
    "SELECT o.id, o.code, o.active, o.services, o.delivery_radius_metres, o.latitude_wgs84,"
    " o.longitude_wgs84 FROM location o WHERE "
)
_EVERYWHERE = "o.merchant_id = ? AND o.active"


@dataclass(frozen=True, slots=True)
class Sender:
    """A store or warehouse; `metres` is how far away it is, None where that cannot be told."""

    id: int
    code: str
    active: bool
    services: frozenset[str]
    delivery_radius_metres: int | None
    metres: float | None


async def one(location_id: int, position: Point | None) -> list[Sender]:
    return await _read("o.id = ?", (location_id,), position)


async def all_of(ctx: Context) -> list[Sender]:
    """The merchant's active places, where it is not known how far they are."""
    return await _read(_EVERYWHERE, (ctx.merchant_id,), None)


async def without_position(ctx: Context) -> list[Sender]:
    condition = f"{_EVERYWHERE} AND o.latitude_wgs84 IS NULL"
    return await _read(condition, (ctx.merchant_id,), None)


async def within(ctx: Context, position: Point, radius_metres: float | None) -> list[Sender]:
    """The merchant's active places within the radius, edges included; None means however far."""
    condition, values = f"{_EVERYWHERE} AND o.latitude_wgs84 IS NOT NULL", [ctx.merchant_id]
    if radius_metres is None:
        return await _read(condition, values, position)
    inside = "o.latitude_wgs84 BETWEEN ? AND ? AND o.longitude_wgs84 BETWEEN ? AND ?"
    boxes = bounding_boxes(position, radius_metres)
    condition += f" AND ({' OR '.join([inside] * len(boxes))})"
    edges = [edge for box in boxes for edge in (box.south, box.north, box.west, box.east)]
    found = await _read(condition, [*values, *edges], position)
    return [each for each in found if each.metres is not None and each.metres <= radius_metres]


async def _read(condition: str, values: Sequence[Any], position: Point | None) -> list[Sender]:
    origin = convert(position, CoordinateSystem.WGS84) if position else None
    return [
        Sender(
            row_id,
            code,
            bool(active),
            frozenset(loads(services) if isinstance(services, str) else services),
            radius,
            _metres(origin, latitude, longitude),
        )
        for row_id, code, active, services, radius, latitude, longitude in await records(
            _COLUMNS + condition, *values
        )
    ]


def _metres(origin: Point | None, latitude: float | None, longitude: float | None) -> float | None:
    if origin is None or latitude is None or longitude is None:
        return None
    return geodesic_metres(origin.latitude, origin.longitude, latitude, longitude)
