"""Lists of the movements in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.stock.ledger import StockMovement
from models.stock.states import MovementReason
from models.stores.locations import Location
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.sql_pagination import Conditions, Order, page_of_ids
from resolvers.tallies import SqlTally

# Sequences follow the time of movements, except for the differences between the clocks of processes.
_APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFilter:
    """The filter of a list; None does not restrict it. `since` is inclusive, `until` exclusive."""

    variant_id: int | None = None
    location_id: int | None = None
    reasons: tuple[MovementReason, ...] | None = None
    document: tuple[str, int] | None = None
    since: datetime | None = None
    until: datetime | None = None


@requires(Permission.STOCK_READ)
async def page(ctx: Context, wanted: MovementFilter, request: PageRequest) -> Page[StockMovement]:
    """Return a page of the movements in the caller's territory, the oldest first.

    Raises: InvalidInput for an invalid size or cursor.
    """
    conditions = await _conditions(ctx, wanted)
    order, tie = Order(("m.id",), (int,)), f"movements {wanted}"
    found = await page_of_ids("stock_movement m", conditions, order, request, tie)
    rows = {row.id: row for row in await StockMovement.filter(id__in=list(found.rows))}
    return Page(
        [rows[each] for each in found.rows], found.cursors, found.has_next, found.has_previous
    )


@requires(Permission.STOCK_READ)
async def tally(ctx: Context, wanted: MovementFilter) -> SqlTally:
    """Return the count of the whole list."""

    async def conditions(with_status: bool) -> Conditions:
        return await _conditions(ctx, wanted)

    return SqlTally("stock_movement m", conditions)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, StockMovement]:
    """Return those of the movements that the caller may read."""
    query = StockMovement.filter(id__in=ids)
    visible = scoped(query, ctx, Permission.STOCK_READ, "location__organisation")
    return {row.id: row for row in await visible} if ids else {}


async def _conditions(ctx: Context, wanted: MovementFilter) -> Conditions:
    found = Conditions()
    await _in_territory(ctx, wanted.location_id, found)
    if wanted.variant_id is not None:
        found.add("m.variant_id = ?", wanted.variant_id)
    if wanted.document is not None:
        kind, row_id = wanted.document
        found.add("m.document_id = ? AND m.document_type = ?", row_id, kind)
    if wanted.reasons is not None:
        found.add(f"m.reason IN ({marks(wanted.reasons)})", *map(str, wanted.reasons))
    if wanted.since is not None:
        found.add("m.id >= ?", await _sequence_at(_moved(wanted.since, -_APART)))
        found.add("m.created_at >= ?", wanted.since)
    if wanted.until is not None:
        found.add("m.id < ?", await _sequence_at(_moved(wanted.until, _APART)))
        found.add("m.created_at < ?", wanted.until)
    return found


async def _in_territory(ctx: Context, location_id: int | None, found: Conditions) -> None:
    """Restrict to locations where the caller may read stock.

    The unary plus keeps SQLite from using the index on locations, since the list is read in order of IDs.
    """
    if location_id is None and ctx.actor.kind is ActorKind.SYSTEM:
        return
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")
    if location_id is not None:
        query = query.filter(id=location_id)
    location_ids: list[Any] = await query.values_list("id", flat=True)
    if len(location_ids) == 1:
        found.add("m.location_id = ?", location_ids[0])
    else:
        found.add(f"+m.location_id IN ({marks(location_ids)})", *location_ids)


def _moved(moment: datetime, by: timedelta) -> datetime:
    """Return the shifted time, or the time itself if the result would be out of range."""
    try:
        return moment + by
    except OverflowError:
        return moment


async def _sequence_at(moment: datetime) -> int:
    """Return the first sequence not before `moment`, by binary search: the ledger has no index by time."""
    rows = await fetch(_HALVING, moment, moment)
    return rows[0]["sequence"] if rows else 0


_MIDDLE = "(SELECT created_at FROM stock_movement WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1)"
_HALVING = f"""
WITH RECURSIVE halving (low, high) AS (
  SELECT (SELECT MIN(id) FROM stock_movement), (SELECT MAX(id) FROM stock_movement) + 1
  UNION ALL
  SELECT CASE WHEN {_MIDDLE} < ? THEN (low + high) / 2 + 1 ELSE low END,
    CASE WHEN {_MIDDLE} < ? THEN high ELSE (low + high) / 2 END
  FROM halving WHERE low < high)
SELECT low AS sequence FROM halving WHERE low >= high
"""
