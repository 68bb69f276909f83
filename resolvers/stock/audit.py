"""Replaying the ledger: what the movements and the holds add up to, against what the levels say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.bulk import chunks
from models.database import fetch, marks
from models.stock.rules import COLUMNS, STANDING
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock import incoming
from resolvers.stock.replaying import NEWEST, NONE, replayed

# So many levels in one statement: a long one would keep others from reading.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Drift:
    """A level says `recorded` pieces in a state; its movements or holds say `expected`.

    IN_TRANSIT stands for what is on its way to it, which its documents know.
    """

    level_id: int
    state: StockState
    recorded: int
    expected: int


@dataclass(frozen=True, slots=True)
class Audit:
    """`replayed_movements` were added up; those before a checkpoint had been already."""

    checked_levels: int
    replayed_movements: int
    drifts: Sequence[Drift]


@requires(Permission.STOCK_READ)
async def run(ctx: Context, location_id: int | None = None, *, full: bool = False) -> Audit:
    """Audit every level in the caller's territory, or those at one location of it.

    Only what came after each level's last checkpoint is replayed; a `full` audit replays everything.
    """
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation").order_by("id")
    if location_id is not None:
        query = query.filter(id=location_id)
    places: list[Any] = await query.values_list("id", flat=True)
    checked, movements, drifts = 0, 0, []
    for part in chunks(await _levels_at(places), _AT_ONCE):
        rows = await fetch(_compared(NONE if full else NEWEST, len(part)), *part, *part, *part)
        checked += len(rows)
        movements += sum(row["movements"] for row in rows)
        drifts += [drift for row in rows for drift in _drifts_of(row)]
    drifts += await _incoming_drifts(places)
    return Audit(checked, movements, drifts)


async def _incoming_drifts(location_ids: Sequence[int]) -> list[Drift]:
    """What levels say is on its way to them, against their transfers and purchase orders."""
    found = [each for part in chunks(location_ids) for each in await incoming.drifts_of(part)]
    return [
        Drift(each.level_id, StockState.IN_TRANSIT, each.recorded, each.expected) for each in found
    ]


async def _levels_at(location_ids: Sequence[int]) -> list[int]:
    ids: list[int] = []
    for part in chunks(location_ids):
        rows = await fetch(
            f"SELECT id FROM stock_level WHERE location_id IN ({marks(part)}) ORDER BY id", *part
        )
        ids += [row["id"] for row in rows]
    return ids


def _promised(status: str) -> str:
    return f"SUM(CASE WHEN hold.status = '{status}' THEN hold.quantity ELSE 0 END)"


def _compared(checkpoint: str, levels: int) -> str:
    """One statement, so that all of it sees the same moment."""
    places = marks(range(levels))
    return f"""
WITH {replayed(f"l.id IN ({places})", checkpoint)},
promised AS (
  SELECT hold.level_id, {_promised("HELD")} AS held, {_promised("COMMITTED")} AS committed
  FROM stock_hold AS hold
  WHERE hold.level_id IN ({places}) AND hold.status IN ('HELD', 'COMMITTED') GROUP BY hold.level_id)
SELECT level.id, replayed.movements,
  {", ".join(f"level.{column}" for column in COLUMNS)},
  {", ".join(f"replayed.{column} AS replayed_{column}" for column in COLUMNS)},
  COALESCE(promised.held, 0) AS promised_held,
  COALESCE(promised.committed, 0) AS promised_committed
FROM replayed JOIN stock_level AS level ON level.id = replayed.level_id
LEFT JOIN promised ON promised.level_id = level.id
WHERE level.id IN ({places})
ORDER BY level.id
"""


def _drifts_of(row: dict[str, Any]) -> Iterator[Drift]:
    for state, column in zip(STANDING, COLUMNS, strict=True):
        witnesses = (row[f"replayed_{column}"], row.get(f"promised_{column}"))
        for expected in sorted({int(each) for each in witnesses if each is not None}):
            if expected != row[column]:
                yield Drift(row["id"], state, row[column], expected)
