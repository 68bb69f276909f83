"""The places that may send a delivery, as narrow rows with their distance and what they may sell.

`wanted` are the variants that are to be sent, at least one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from orjson import loads

from models.database import records
from models.read_consistency import up_to_date
from models.stock.rules import sellable
from models.stock.sellable_sql import EFFECTIVE
from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.distance import bounding_boxes, geodesic_metres
from resolvers.context import Context
from resolvers.stock.levels.availability import OPEN

# A row for each place and each variant, whether the place has it or not.
_SENDERS = f"""
SELECT o.id, o.code, o.active, o.services, o.delivery_radius_metres, o.latitude_wgs84,
  o.longitude_wgs84, wanted.id, l.safety_stock, {EFFECTIVE}
FROM location o
CROSS JOIN (SELECT CAST(? AS BIGINT) AS id{{more}}) AS wanted
LEFT JOIN stock_level l ON l.variant_id = wanted.id AND l.location_id = o.id AND {OPEN}
WHERE {{condition}} ORDER BY o.id
"""
_EVERYWHERE = "o.merchant_id = ? AND o.active"


@dataclass(frozen=True, slots=True)
class Sender:
    """A store or warehouse; `metres` is how far away it is, None where that cannot be told.

    `available` is what it may sell online of each variant.
    """

    id: int
    code: str
    active: bool
    services: frozenset[str]
    delivery_radius_metres: int | None
    metres: float | None
    available: Mapping[int, int]


async def one(
    ctx: Context, wanted: Collection[int], location_id: int, position: Point | None
) -> list[Sender]:
    return await _read(ctx, wanted, position, "o.id = ?", location_id)


async def all_of(ctx: Context, wanted: Collection[int]) -> list[Sender]:
    """The merchant's active places, where it is not known how far they are."""
    return await _read(ctx, wanted, None, _EVERYWHERE, ctx.merchant_id)


async def without_position(ctx: Context, wanted: Collection[int]) -> list[Sender]:
    condition = f"{_EVERYWHERE} AND o.latitude_wgs84 IS NULL"
    return await _read(ctx, wanted, None, condition, ctx.merchant_id)


async def within(
    ctx: Context, wanted: Collection[int], position: Point, radius_metres: float | None
) -> list[Sender]:
    """The merchant's active places within the radius, edges included; None means however far."""
    condition = f"{_EVERYWHERE} AND o.latitude_wgs84 IS NOT NULL"
    if radius_metres is None:
        return await _read(ctx, wanted, position, condition, ctx.merchant_id)
    inside = "o.latitude_wgs84 BETWEEN ? AND ? AND o.longitude_wgs84 BETWEEN ? AND ?"
    boxes = bounding_boxes(position, radius_metres)
    condition += f" AND ({' OR '.join([inside] * len(boxes))})"
    edges = [edge for box in boxes for edge in (box.south, box.north, box.west, box.east)]
    found = await _read(ctx, wanted, position, condition, ctx.merchant_id, *edges)
    return [each for each in found if each.metres is not None and each.metres <= radius_metres]


@up_to_date
async def _read(
    ctx: Context, wanted: Collection[int], position: Point | None, condition: str, *values: Any
) -> list[Sender]:
    origin = convert(position, CoordinateSystem.WGS84) if position else None
    query = _SENDERS.format(more=" UNION ALL SELECT ?" * (len(wanted) - 1), condition=condition)
    rows = await records(query, ctx.now(), *wanted, *values)
    return [_sender(origin, list(of_place)) for _, of_place in groupby(rows, key=itemgetter(0))]


def _sender(origin: Point | None, rows: Sequence[Sequence[Any]]) -> Sender:
    row_id, code, active, services, radius, latitude, longitude, *_ = rows[0]
    return Sender(
        row_id,
        code,
        bool(active),
        frozenset(loads(services) if isinstance(services, str) else services),
        radius,
        _metres(origin, latitude, longitude),
        {
            variant_id: sellable(int(effective), safety_stock, counter=False)
            for *_, variant_id, safety_stock, effective in rows
            if safety_stock is not None
        },
    )


def _metres(origin: Point | None, latitude: float | None, longitude: float | None) -> float | None:
    if origin is None or latitude is None or longitude is None:
        return None
    return geodesic_metres(origin.latitude, origin.longitude, latitude, longitude)
