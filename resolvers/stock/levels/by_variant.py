"""Levels of variants by location: ordered by distance from a point if one is given, else by code.

A cursor is a position in the order of locations, so one cursor serves all variants of a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.database import any_id, any_of, array
from models.read_consistency import up_to_date
from models.stores.coordinates import Point
from models.stores.distance import Ranked
from resolvers.context import Context
from resolvers.orm_pagination import Cursors, Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, checked_key
from resolvers.stock.levels.levels import FROM, Level, levels_of, read, rows_of, visible
from resolvers.stores import nearby

Found = list[tuple[Level, list[float | str]]]  # each level with its cursor's key

_POSITION = "ROW_NUMBER() OVER (PARTITION BY l.variant_id ORDER BY o.code) AS position"


@for_anyone
@up_to_date
async def of_variants(
    ctx: Context, variant_ids: Sequence[int], near: Point | None, request: PageRequest
) -> dict[int, Page[Any]]:
    """Return a page of levels for each variant; with `near`, of open locations that have a position.

    Raises: InvalidInput for an invalid size or cursor.
    """
    wanted, tie = sorted(set(variant_ids)), f"levels of a variant {near}"
    if near is None:
        found = await _by_code(ctx, wanted, request, tie)
    else:
        found = await _by_distance(ctx, wanted, near, request, tie)
    return {variant_id: _page(each, request, tie) for variant_id, each in found.items()}


async def _by_code(
    ctx: Context, variant_ids: Sequence[int], request: PageRequest, tie: str
) -> dict[int, Found]:
    """Read the levels of all variants in one statement. A single variant needs no ranking."""
    most = request.size + 1

    def statement(columns: str) -> str:
        levels = f"{FROM} WHERE {conditions}"
        if len(variant_ids) == 1:
            return f"SELECT {columns}, o.code FROM {levels} ORDER BY o.code LIMIT {most}"
        return (
            f"SELECT * FROM (SELECT {columns}, {_POSITION}, o.code FROM {levels}) AS ranked"
            f" WHERE position <= {most} ORDER BY variant_id, position"
        )

    conditions = await visible(ctx)
    conditions.add(any_id("l.variant_id"), array(variant_ids))
    if request.after is not None:
        conditions.add("o.code > ?", *checked_key(request.after, tie, (str,), "after"))
    rows = await rows_of(ctx, statement, conditions.values)
    found: dict[int, Found] = {variant_id: [] for variant_id in variant_ids}
    for level, row in zip(levels_of(ctx, rows), rows, strict=True):
        found[level.variant_id].append((level, [row[-1]]))
    return found


async def _by_distance(
    ctx: Context, variant_ids: Sequence[int], near: Point, request: PageRequest, tie: str
) -> dict[int, Found]:
    """Read locations in order of distance, a page at a time, until every variant has a full page."""
    key = checked_key(request.after, tie, (float, str), "after") if request.after else None
    after = (key[0], key[1]) if key else None
    limit = request.size + 1
    found: dict[int, Found] = {variant_id: [] for variant_id in variant_ids}
    lacking = list(variant_ids)
    while lacking:
        ranked = await _nearest_with(ctx, lacking, near, after, limit)
        levels = {
            (each.variant_id, each.location_id): each
            for each in await _levels_at(ctx, lacking, [each.key for each in ranked])
        }
        for location in ranked:
            for variant_id in lacking:
                if level := levels.get((variant_id, location.key)):
                    seen = level._replace(distance_metres=location.distance_metres)
                    found[variant_id].append((seen, [location.distance_metres, location.code]))
        if len(ranked) < limit:
            break
        after = (ranked[-1].distance_metres, ranked[-1].code)
        lacking = [each for each in lacking if len(found[each]) < limit]
    return {variant_id: each[:limit] for variant_id, each in found.items()}


async def _nearest_with(
    ctx: Context,
    variant_ids: Sequence[int],
    near: Point,
    after: nearby.Place | None,
    limit: int,
) -> list[Ranked[int]]:
    """Return the next open locations that have a level of any of the variants."""
    conditions = Conditions()
    conditions.add("o.active AND o.latitude_wgs84 IS NOT NULL")
    conditions.add(
        f"o.id IN (SELECT location_id FROM stock_level WHERE {any_of('variant_id')})",
        array(variant_ids),
    )
    return await nearby.walk(
        near, conditions, after=after, limit=limit, within_metres=None, keep=_all
    )


async def _all(candidates: list[Any]) -> list[Any]:
    return candidates


async def _levels_at(
    ctx: Context, variant_ids: Sequence[int], location_ids: Sequence[int]
) -> list[Level]:
    conditions = Conditions()
    conditions.add(any_of("l.variant_id"), array(variant_ids))
    conditions.add(any_of("l.location_id"), array(location_ids))
    return await read(ctx, conditions)


def _page(found: Found, request: PageRequest, tie: str) -> Page[Any]:
    kept = found[: request.size]
    return Page(
        [level for level, _ in kept],
        Cursors([key for _, key in kept], tie),
        has_next=len(found) > request.size,
        has_previous=request.after is not None,
    )
