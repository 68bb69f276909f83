"""The audit of stock: levels compared with their movements, holds, documents and serial numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.stock.rules import COLUMNS, ON_HAND_STATES
from models.stock.states import StockState
from models.stores.locations import Location
from models.tables.bulk import chunks
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock.audit import backorders as audit_backorders
from resolvers.stock.audit import serials as audit_serials
from resolvers.stock.audit.backorders import BackorderFault
from resolvers.stock.documents import inbound as documents_inbound
from resolvers.stock.ledger.replay import NEWEST, NONE, replayed

# Levels of one statement. Longer statements would delay other reads.
_AT_ONCE = 500


class Witness(StrEnum):
    """The record that a level disagrees with."""

    LEDGER = "LEDGER"
    HOLDS = "HOLDS"
    DOCUMENTS = "DOCUMENTS"
    SERIALS = "SERIALS"


@dataclass(frozen=True, slots=True)
class Drift:
    """A level has `recorded` units in a state, the witness `expected`.

    For documents IN_TRANSIT is the incoming quantity of the level. For serial numbers AVAILABLE includes held
    and committed units, and IN_TRANSIT covers transfers to and from the level.
    """

    level_id: int
    state: StockState
    recorded: int
    expected: int
    witness: Witness = Witness.LEDGER


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an audit; `replayed_movements` does not count those before a checkpoint."""

    checked_levels: int
    replayed_movements: int
    drifts: Sequence[Drift]
    backorder_faults: Sequence[BackorderFault] = ()


@requires(Permission.STOCK_READ)
async def run(ctx: Context, location_id: int | None = None, *, full: bool = False) -> Audit:
    """Audit the levels in the caller's territory, or at one location of it.

    Movements after each level's last checkpoint are replayed; a `full` audit replays all movements.
    """
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation").order_by("id")
    if location_id is not None:
        query = query.filter(id=location_id)
    location_ids: list[Any] = await query.values_list("id", flat=True)
    checked, movements, drifts = 0, 0, []
    for chunk in chunks(await _levels_at(location_ids), _AT_ONCE):
        rows = await fetch(_compared(NONE if full else NEWEST, len(chunk)), *chunk, *chunk, *chunk)
        checked += len(rows)
        movements += sum(row["movements"] for row in rows)
        drifts += [drift for row in rows for drift in _drifts_of(row)]
        drifts += map(_of_serials, await audit_serials.of_levels(chunk))
    faults: list[BackorderFault] = []
    for chunk in chunks(location_ids):
        drifts += map(_of_documents, await documents_inbound.drifts_of(chunk))
        drifts += map(_of_serials, await audit_serials.of_locations(chunk))
        faults += await audit_backorders.faults_of(chunk)
    return Audit(checked, movements, drifts, faults)


def _of_documents(found: documents_inbound.IncomingDrift) -> Drift:
    state = StockState.IN_TRANSIT
    return Drift(found.level_id, state, found.recorded, found.expected, Witness.DOCUMENTS)


def _of_serials(found: audit_serials.SerialDrift) -> Drift:
    return Drift(found.level_id, found.state, found.quantity, found.serials, Witness.SERIALS)


async def _levels_at(location_ids: Sequence[int]) -> list[int]:
    ids: list[int] = []
    for chunk in chunks(location_ids):
        rows = await fetch(
            f"SELECT id FROM stock_level WHERE location_id IN ({marks(chunk)}) ORDER BY id", *chunk
        )
        ids += [row["id"] for row in rows]
    return ids


def _promised(status: str) -> str:
    return f"SUM(CASE WHEN hold.status = '{status}' THEN hold.quantity ELSE 0 END)"


def _compared(checkpoint: str, levels: int) -> str:
    """Return one statement for levels, movements and holds, so that it reads one snapshot."""
    levels_in = marks(range(levels))
    return f"""
WITH {replayed(f"l.id IN ({levels_in})", checkpoint)},
promised AS (
  SELECT hold.level_id, {_promised("HELD")} AS held, {_promised("COMMITTED")} AS committed
  FROM stock_hold AS hold
  WHERE hold.level_id IN ({levels_in}) AND hold.status IN ('HELD', 'COMMITTED') GROUP BY hold.level_id)
SELECT level.id, replayed.movements,
  {", ".join(f"level.{column}" for column in COLUMNS)},
  {", ".join(f"replayed.{column} AS replayed_{column}" for column in COLUMNS)},
  COALESCE(promised.held, 0) AS promised_held,
  COALESCE(promised.committed, 0) AS promised_committed
FROM replayed JOIN stock_level AS level ON level.id = replayed.level_id
LEFT JOIN promised ON promised.level_id = level.id
WHERE level.id IN ({levels_in})
ORDER BY level.id
"""


def _drifts_of(row: dict[str, Any]) -> Iterator[Drift]:
    for state, column in zip(ON_HAND_STATES, COLUMNS, strict=True):
        replayed, promised = int(row[f"replayed_{column}"]), row.get(f"promised_{column}")
        if replayed != row[column]:
            yield Drift(row["id"], state, row[column], replayed)
        if promised is not None and int(promised) not in (row[column], replayed):
            yield Drift(row["id"], state, row[column], int(promised), Witness.HOLDS)
