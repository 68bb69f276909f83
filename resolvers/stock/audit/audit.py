"""Replaying the ledger: what movements, holds, documents and serial numbers add up to, against the levels."""

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

# So many levels in one statement: a long one would keep others from reading.
_AT_ONCE = 500


class Witness(StrEnum):
    """Who says other than a level: its movements, its holds, its documents or its serial numbers."""

    LEDGER = "LEDGER"
    HOLDS = "HOLDS"
    DOCUMENTS = "DOCUMENTS"
    SERIALS = "SERIALS"


@dataclass(frozen=True, slots=True)
class Drift:
    """A level says `recorded` pieces in a state; the witness says `expected`.

    IN_TRANSIT stands for what is on its way to it by its documents. To serial numbers AVAILABLE is whatever
    is held or committed too, and IN_TRANSIT what transfers to it or from it have on the road.
    """

    level_id: int
    state: StockState
    recorded: int
    expected: int
    witness: Witness = Witness.LEDGER


@dataclass(frozen=True, slots=True)
class Audit:
    """`replayed_movements` were added up; those before a checkpoint had been already."""

    checked_levels: int
    replayed_movements: int
    drifts: Sequence[Drift]
    backorder_faults: Sequence[BackorderFault] = ()


@requires(Permission.STOCK_READ)
async def run(ctx: Context, location_id: int | None = None, *, full: bool = False) -> Audit:
    """Audit every level in the caller's territory, or those at one location of it.

    Only what came after each level's last checkpoint is replayed; a `full` audit replays everything.
    """
    query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation").order_by("id")
    if location_id is not None:
        query = query.filter(id=location_id)
    location_ids: list[Any] = await query.values_list("id", flat=True)
    checked, movements, drifts = 0, 0, []
    for part in chunks(await _levels_at(location_ids), _AT_ONCE):
        rows = await fetch(_compared(NONE if full else NEWEST, len(part)), *part, *part, *part)
        checked += len(rows)
        movements += sum(row["movements"] for row in rows)
        drifts += [drift for row in rows for drift in _drifts_of(row)]
        drifts += map(_of_serials, await audit_serials.of_levels(part))
    faults: list[BackorderFault] = []
    for part in chunks(location_ids):
        drifts += map(_of_documents, await documents_inbound.drifts_of(part))
        drifts += map(_of_serials, await audit_serials.of_locations(part))
        faults += await audit_backorders.faults_of(part)
    return Audit(checked, movements, drifts, faults)


def _of_documents(found: documents_inbound.IncomingDrift) -> Drift:
    """What a level says is on its way to it, against its transfers and purchase orders."""
    state = StockState.IN_TRANSIT
    return Drift(found.level_id, state, found.recorded, found.expected, Witness.DOCUMENTS)


def _of_serials(found: audit_serials.SerialDrift) -> Drift:
    return Drift(found.level_id, found.state, found.quantity, found.serials, Witness.SERIALS)


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
