"""Levels as of a past time, replayed from the nearest earlier checkpoint of the ledger.

Holds that had expired by then count as available, even if they were released later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.errors import InvalidInput
from models.stock.rules import COLUMNS, Quantities, effective
from models.stores.locations import Location
from models.tables.bulk import chunks
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import requires, scoped
from resolvers.sql_pagination import Conditions, Order, page_of_ids
from resolvers.stock.ledger.replay import replayed
from resolvers.tallies import SqlTally

# The worker releases expired holds within seconds. Holds that expired earlier than this are not searched.
_UNSWEPT = timedelta(days=7)
_TABLE = "stock_level l"
_FIRST = datetime.min.replace(tzinfo=UTC)
_BEFORE = (
    "(SELECT MAX(k.sequence) FROM stock_checkpoint k WHERE k.level_id = l.id AND k.last_at <= ?)"
)
_AFTER = (
    "(SELECT MIN(k.sequence) FROM stock_checkpoint k WHERE k.level_id = l.id AND k.last_at > ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFilter:
    """The filter of a list: a variant, a location or both. At least one is required."""

    variant_id: int | None = None
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    level_id: int
    variant_id: int
    location_id: int
    at: datetime
    quantities: Quantities


@requires(Permission.STOCK_READ)
async def page(
    ctx: Context,
    at: datetime,
    wanted: SnapshotFilter,
    request: PageRequest,
) -> Page[Any]:
    """Return a page of levels of a variant, a location or both, after the movements up to `at`.

    Raises: InvalidInput for a time in the future, without variant and location, or for an invalid page.
    """
    if at > ctx.now():
        raise InvalidInput("The time must not be in the future.", path=("at",))
    conditions = await _asked(ctx, wanted)
    tie = f"snapshots {at.timestamp()} {wanted.variant_id} {wanted.location_id}"
    found = await page_of_ids(_TABLE, conditions, Order(("l.id",), (int,)), request, tie)
    rows = await of_levels(found.rows, at)
    return Page(rows, found.cursors, found.has_next, found.has_previous)


@requires(Permission.STOCK_READ)
async def tally(ctx: Context, wanted: SnapshotFilter) -> SqlTally:
    """Return the count of the whole list, which does not depend on the time."""

    async def conditions(_: bool) -> Conditions:
        return await _asked(ctx, wanted)

    return SqlTally(_TABLE, conditions)


async def of_levels(ids: Sequence[int], at: datetime) -> list[Snapshot]:
    """Return the levels as of a time, in the order of `ids`."""
    found: dict[int, dict[str, Any]] = {}
    for chunk in chunks(list(ids), 500):
        for row in await fetch(_replay(len(chunk)), at, at, *chunk, at):
            found[row["id"]] = row
    expired = await _expired([row["id"] for row in found.values() if row["held"]], at)
    return [_snapshot(found[each], expired.get(each, 0), at) for each in ids]


async def _asked(ctx: Context, wanted: SnapshotFilter) -> Conditions:
    """Return the conditions of the list. Raises: InvalidInput without variant and location."""
    if wanted.variant_id is None and wanted.location_id is None:
        raise InvalidInput("Name a variant or a location.", path=("filter", "locationId"))
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")
    if wanted.location_id is not None:
        query = query.filter(id=wanted.location_id)
    location_ids: list[Any] = await query.values_list("id", flat=True)
    conditions = Conditions()
    conditions.add(f"l.location_id IN ({marks(location_ids)})", *location_ids)
    if wanted.variant_id is not None:
        conditions.add("l.variant_id = ?", wanted.variant_id)
    return conditions


def _replay(levels: int) -> str:
    asked = f"l.id IN ({marks(range(levels))})"
    return (
        f"WITH {replayed(asked, _BEFORE, until='m.created_at <= ?', last=_AFTER)}"
        f" SELECT level_id AS id, variant_id, location_id, {', '.join(COLUMNS)} FROM replayed"
    )


async def _expired(level_ids: Sequence[int], at: datetime) -> dict[int, int]:
    """Return how many units of each level the ledger shows as held although their holds had expired."""
    found: dict[int, int] = {}
    for chunk in chunks(list(level_ids)):
        rows = await fetch(
            "SELECT o.level_id, SUM(CASE WHEN m.to_state = 'HELD' THEN m.quantity"
            " WHEN m.from_state = 'HELD' THEN -m.quantity ELSE 0 END) AS quantity FROM ("
            " SELECT DISTINCT h.level_id, h.order_id, l.variant_id, l.location_id"
            " FROM stock_hold h JOIN stock_level l ON l.id = h.level_id"
            f" WHERE h.level_id IN ({marks(chunk)}) AND h.expires_at <= ? AND h.expires_at > ?) AS o"
            " JOIN stock_movement m ON m.document_id = o.order_id AND m.document_type = 'Order'"
            " AND m.variant_id = o.variant_id AND m.location_id = o.location_id AND m.created_at <= ?"
            " GROUP BY o.level_id",
            *chunk,
            at,
            max(at, _FIRST + _UNSWEPT) - _UNSWEPT,
            at,
        )
        found |= {row["level_id"]: int(row["quantity"]) for row in rows}
    return found


def _snapshot(row: dict[str, Any], expired: int, at: datetime) -> Snapshot:
    recorded = Quantities(*(int(row[column]) for column in COLUMNS))
    quantities = effective(recorded, expired)
    return Snapshot(row["id"], row["variant_id"], row["location_id"], at, quantities)
