"""How levels stood at a moment of the past: what the ledger adds up to until then.

From the nearest checkpoint before it. As in every number that is shown, holds that had expired by then count
as available, even if they had not been given back yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.errors import InvalidInput
from models.stock.rules import COLUMNS, Pieces, effective
from models.stores.locations import Location
from models.tables.bulk import chunks
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import requires, scoped
from resolvers.sql_pagination import Conditions, Order, page_of_ids
from resolvers.stock.ledger.replay import replayed
from resolvers.tallies import SqlTally

# Expired holds are given back within seconds; one that nobody swept for so long is not looked for.
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
    """Which levels: of a variant, at a location or both; one of them is named."""

    variant_id: int | None = None
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    level_id: int
    variant_id: int
    location_id: int
    at: datetime
    pieces: Pieces


@requires(Permission.STOCK_READ)
async def page(
    ctx: Context,
    at: datetime,
    wanted: SnapshotFilter,
    request: PageRequest,
) -> Page[Any]:
    """The caller's levels of a variant, at a location or both, as they stood once `at` had passed.

    Raises: InvalidInput for a moment to come, for neither variant nor location, and for an unusable page.
    """
    if at > ctx.now():
        raise InvalidInput("This moment has not come yet.", path=("at",))
    conditions = await _asked(ctx, wanted)
    tie = f"snapshots {at.timestamp()} {wanted.variant_id} {wanted.location_id}"
    found = await page_of_ids(_TABLE, conditions, Order(("l.id",), (int,)), request, tie)
    rows = await of_levels(found.rows, at)
    return Page(rows, found.cursors, found.has_next, found.has_previous)


@requires(Permission.STOCK_READ)
async def tally(ctx: Context, wanted: SnapshotFilter) -> SqlTally:
    """The count of the whole list, which is the same at every moment."""

    async def conditions(_: bool) -> Conditions:
        return await _asked(ctx, wanted)

    return SqlTally(_TABLE, conditions)


async def of_levels(ids: Sequence[int], at: datetime) -> list[Snapshot]:
    """How these levels stood at a moment, in their order."""
    found: dict[int, dict[str, Any]] = {}
    for part in chunks(list(ids), 500):
        for row in await fetch(_standing(len(part)), at, at, *part, at):
            found[row["id"]] = row
    expired = await _expired([row["id"] for row in found.values() if row["held"]], at)
    return [_snapshot(found[each], expired.get(each, 0), at) for each in ids]


async def _asked(ctx: Context, wanted: SnapshotFilter) -> Conditions:
    """Raises: InvalidInput for neither variant nor location."""
    if wanted.variant_id is None and wanted.location_id is None:
        raise InvalidInput("Name a variant or a location.", path=("filter", "locationId"))
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")
    if wanted.location_id is not None:
        query = query.filter(id=wanted.location_id)
    places: list[Any] = await query.values_list("id", flat=True)
    conditions = Conditions()
    conditions.add(f"l.location_id IN ({marks(places)})", *places)
    if wanted.variant_id is not None:
        conditions.add("l.variant_id = ?", wanted.variant_id)
    return conditions


def _standing(levels: int) -> str:
    asked = f"l.id IN ({marks(range(levels))})"
    return (
        f"WITH {replayed(asked, _BEFORE, until='m.created_at <= ?', last=_AFTER)}"
        f" SELECT level_id AS id, variant_id, location_id, {', '.join(COLUMNS)} FROM replayed"
    )


async def _expired(level_ids: Sequence[int], at: datetime) -> dict[int, int]:
    """How many pieces of each level the ledger had as held though their holds had expired."""
    found: dict[int, int] = {}
    for part in chunks(list(level_ids)):
        rows = await fetch(
            "SELECT o.level_id, SUM(CASE WHEN m.to_state = 'HELD' THEN m.quantity"
            " WHEN m.from_state = 'HELD' THEN -m.quantity ELSE 0 END) AS pieces FROM ("
            " SELECT DISTINCT h.level_id, h.order_id, l.variant_id, l.location_id"
            " FROM stock_hold h JOIN stock_level l ON l.id = h.level_id"
            f" WHERE h.level_id IN ({marks(part)}) AND h.expires_at <= ? AND h.expires_at > ?) AS o"
            " JOIN stock_movement m ON m.document_id = o.order_id AND m.document_type = 'Order'"
            " AND m.variant_id = o.variant_id AND m.location_id = o.location_id AND m.created_at <= ?"
            " GROUP BY o.level_id",
            *part,
            at,
            max(at, _FIRST + _UNSWEPT) - _UNSWEPT,
            at,
        )
        found |= {row["level_id"]: int(row["pieces"]) for row in rows}
    return found


def _snapshot(row: dict[str, Any], expired: int, at: datetime) -> Snapshot:
    standing = Pieces(*(int(row[column]) for column in COLUMNS))
    pieces = effective(standing, expired)
    return Snapshot(row["id"], row["variant_id"], row["location_id"], at, pieces)
