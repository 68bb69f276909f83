"""Replaying the ledger: what the movements and the holds add up to, against what the levels say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.stock.rules import COLUMNS, STANDING
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.permissions import requires, scoped

# So many locations in one statement: a long one would keep others from reading.
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Drift:
    """A level says `recorded` pieces in a state; its movements or holds say `expected`."""

    level_id: int
    state: StockState
    recorded: int
    expected: int


@dataclass(frozen=True, slots=True)
class Audit:
    checked_levels: int
    drifts: Sequence[Drift]


@requires(Permission.STOCK_READ)
async def run(ctx: Context, location_id: int | None = None) -> Audit:
    """Audit every level in the caller's territory, or those at one location of it."""
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation").order_by("id")
    if location_id is not None:
        query = query.filter(id=location_id)
    ids: list[Any] = await query.values_list("id", flat=True)
    checked, drifts = 0, []
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        places = marks(part)
        counted = await fetch(
            f"SELECT COUNT(*) AS n FROM stock_level WHERE location_id IN ({places})", *part
        )
        checked += counted[0]["n"]
        rows = await fetch(_DRIFTING.replace("{places}", places), *part, *part, *part)
        drifts += [drift for row in rows for drift in _drifts_of(row)]
    return Audit(checked, drifts)


def _replayed(state: StockState) -> str:
    return (
        f"SUM(CASE WHEN to_state = '{state}' THEN quantity ELSE 0 END)"
        f" - SUM(CASE WHEN from_state = '{state}' THEN quantity ELSE 0 END)"
    )


def _promised(status: str) -> str:
    return f"SUM(CASE WHEN hold.status = '{status}' THEN hold.quantity ELSE 0 END)"


# One statement, so that all of it sees the same moment.
_DRIFTING = f"""
WITH replayed AS (
  SELECT variant_id, location_id,
    {", ".join(f"{_replayed(state)} AS {state.lower()}" for state in STANDING)}
  FROM stock_movement WHERE location_id IN ({{places}}) GROUP BY variant_id, location_id),
promised AS (
  SELECT hold.level_id, {_promised("HELD")} AS held, {_promised("COMMITTED")} AS committed
  FROM stock_hold AS hold JOIN stock_level AS level ON level.id = hold.level_id
  WHERE level.location_id IN ({{places}}) GROUP BY hold.level_id)
SELECT * FROM (
  SELECT level.id,
    {", ".join(f"level.{column}" for column in COLUMNS)},
    {", ".join(f"COALESCE(replayed.{column}, 0) AS replayed_{column}" for column in COLUMNS)},
    COALESCE(promised.held, 0) AS promised_held,
    COALESCE(promised.committed, 0) AS promised_committed
  FROM stock_level AS level
  LEFT JOIN replayed ON replayed.variant_id = level.variant_id
    AND replayed.location_id = level.location_id
  LEFT JOIN promised ON promised.level_id = level.id
  WHERE level.location_id IN ({{places}})) AS compared
WHERE {" OR ".join(f"{column} <> replayed_{column}" for column in COLUMNS)}
  OR held <> promised_held OR committed <> promised_committed
ORDER BY id
"""


def _drifts_of(row: dict[str, Any]) -> Iterator[Drift]:
    for state, column in zip(STANDING, COLUMNS, strict=True):
        witnesses = (row[f"replayed_{column}"], row.get(f"promised_{column}"))
        for expected in sorted({int(each) for each in witnesses if each is not None}):
            if expected != row[column]:
                yield Drift(row["id"], state, row[column], expected)
