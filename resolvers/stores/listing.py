"""Lists of stores: the nearest first where a point is given, else by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import fetch
from models.stores.distance import Candidate
from models.stores.locations import Location
from models.stores.rows import LocationRow
from resolvers.context import Context
from resolvers.orm_pagination import Cursors, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, checked_key
from resolvers.stores import locations, nearby
from resolvers.stores.filters import StoreQuery, conditions_of
from resolvers.stores.locations import is_open

_CHUNK = 250


@dataclass(frozen=True, slots=True)
class FoundStore:
    row: LocationRow
    distance_metres: float | None


@dataclass(frozen=True, slots=True)
class StorePage:
    """Found stores in list order, a cursor beside each."""

    found: Sequence[FoundStore]
    cursors: Cursors
    has_next: bool
    has_previous: bool


@for_anyone
async def page(ctx: Context, query: StoreQuery, request: PageRequest) -> StorePage:
    """One page of the merchant's active stores; with `near`, those that have a position.

    Raises: InvalidInput.
    """
    conditions, size, tie = await conditions_of(ctx, query), request.size, _tie(ctx, query)
    if query.near is None:
        keys = await _by_code(conditions, query, request.after, tie, size + 1)
    else:
        keys = await _by_distance(conditions, query, request.after, tie, size + 1)
    kept = keys[:size]
    rows = await locations.rows_by_ids(ctx, [row_id for row_id, _ in kept])
    found = [FoundStore(rows[row_id], _distance(key)) for row_id, key in kept]
    cursors = Cursors([key for _, key in kept], tie)
    return StorePage(found, cursors, len(keys) > size, request.after is not None)


@for_anyone
async def count(ctx: Context, query: StoreQuery) -> int:
    """How many stores there are in all the pages of `query`."""
    conditions = await conditions_of(ctx, query)
    if query.near is not None and query.within_metres is not None:
        found = await nearby.walk(
            query.near,
            conditions,
            after=None,
            limit=10**9,
            within_metres=query.within_metres,
            keep=lambda candidates: _open(candidates, query),
        )
        return len(found)
    if query.open_at is None:
        rows = await fetch(
            f"SELECT COUNT(*) AS n FROM location o WHERE {conditions}", *conditions.values
        )
        return int(rows[0]["n"])
    return len(await _by_code(conditions, query, None, "", 10**9))


Key = tuple[int, list[float | str]]


async def _by_distance(
    conditions: Conditions, query: StoreQuery, after: str | None, tie: str, limit: int
) -> list[Key]:
    assert query.near is not None  # noqa: S101 - the caller has looked
    key = checked_key(after, tie, (float, str), "after") if after is not None else None
    ranked = await nearby.walk(
        query.near,
        conditions,
        after=(key[0], key[1]) if key else None,
        limit=limit,
        within_metres=query.within_metres,
        keep=lambda candidates: _open(candidates, query),
    )
    return [(each.key, [each.distance_metres, each.code]) for each in ranked]


async def _by_code(
    conditions: Conditions, query: StoreQuery, after: str | None, tie: str, limit: int
) -> list[Key]:
    """Stores beyond the cursor, by code; a chunk at a time where opening hours decide."""
    last = checked_key(after, tie, (str,), "after")[0] if after is not None else ""
    chunk = limit if query.open_at is None else _CHUNK
    found: list[Key] = []
    while len(found) < limit:
        rows = await fetch(
            f"SELECT o.id, o.code FROM location o WHERE {conditions} AND o.code > ?"
            f" ORDER BY o.code LIMIT {chunk}",
            *conditions.values,
            last,
        )
        candidates = [(row["id"], row["code"], 0.0, 0.0) for row in rows]
        found += [(row[0], [row[1]]) for row in await _open(candidates, query)]
        if len(rows) < chunk:
            break
        last = rows[-1]["code"]
    return found[:limit]


async def _open(candidates: list[Candidate[int]], query: StoreQuery) -> list[Candidate[int]]:
    """Those of the candidates that are open at the moment asked for; all where none was."""
    if query.open_at is None or not candidates:
        return candidates
    ids = [row[0] for row in candidates]
    rows = await Location.filter(id__in=ids).only("id", "hours", "timezone").in_bulk(ids, "id")
    at = query.open_at
    return [row for row in candidates if is_open(rows[row[0]], at, "filter", "openAt")]


def _tie(ctx: Context, query: StoreQuery) -> str:
    return f"stores {ctx.merchant_id} {query}"


def _distance(key: list[float | str]) -> float | None:
    return key[0] if isinstance(key[0], float) else None
