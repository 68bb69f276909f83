"""Settling the cost of stock from the movements of the ledger and the costs of documents.

The value of a level is stored up to its last settled movement. Reads add later movements, so a sale writes no
cost, and values do not depend on the worker.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from models.database import execute, execute_many, fetch, for_update, marks, transaction
from models.stock.costing import CostMovement, Valuation, apply
from models.stock.levels import LevelKey
from models.stock.rules import moved
from models.stock.states import OFF_LEVEL_STATES, StockState
from models.tables.bulk import insert_all
from resolvers.context import Context
from resolvers.stock.ledger.ledger import ChangedLevel, Move, move_all

Document = tuple[str, int]
Way = tuple[LevelKey, StockState, StockState]  # level, from state, to state
_BEYOND = "({})".format(", ".join(f"'{state}'" for state in OFF_LEVEL_STATES))
_SETTLE_AT_ONCE = 200

# Movements after the last settled one that change the quantity on hand.
UNSETTLED = f"""
FROM stock_cost AS cost JOIN stock_level AS level ON level.id = cost.level_id
LEFT JOIN stock_movement AS movement ON movement.variant_id = level.variant_id
  AND movement.location_id = level.location_id AND movement.id > cost.movement_id
  AND (movement.from_state IN {_BEYOND}) <> (movement.to_state IN {_BEYOND})
"""
COLUMNS = (
    "level.id AS id, level.variant_id, level.location_id, level.version, cost.quantity,"
    " cost.value_minor, cost.known_quantity, cost.known_minor, movement.id AS movement_id,"
    " movement.from_state, movement.to_state, movement.quantity AS moved_quantity,"
    " movement.document_type, movement.document_id"
)


@dataclass(frozen=True, slots=True)
class Carried:
    """The levels that the moves changed, and the value of the units of each way."""

    levels: Sequence[ChangedLevel]
    values: Mapping[Way, int]


async def carry(
    ctx: Context, moves: Sequence[Move], document: Document, worth: Mapping[Way, int]
) -> Carried:
    """Apply a document's moves, which must succeed, and settle their cost.

    The levels are locked. `worth` is the cost of arriving units by way, in minor units. Units that leave
    carry their share of the level's value.
    """
    keys = sorted({each.level_key for each in moves})
    await begin(ctx, keys)
    levels = await move_all(ctx, moves)
    values = await settle(ctx, [level.id for level in levels], document, worth)
    return Carried(levels, values)


async def settle_due(ctx: Context) -> int:
    """Settle levels with movements since their last settlement. Return how many levels."""
    due = await fetch(
        "SELECT cost.level_id AS id FROM stock_cost AS cost JOIN stock_level AS level"
        " ON level.id = cost.level_id WHERE level.version <> cost.level_version"
        f" ORDER BY cost.level_id LIMIT {_SETTLE_AT_ONCE}"
    )
    if due:
        await transaction(_settle_locked, ctx, [row["id"] for row in due])
    return len(due)


def counted(rows: Sequence[dict[str, Any]]) -> tuple[Valuation, list[int]]:
    """Return a level's current valuation from its rows of `UNSETTLED`, and the change by each movement."""
    return apply(_settled(rows[0]), [CostMovement(_net_quantity(row)) for row in _movements(rows)])


async def _settle_locked(ctx: Context, level_ids: Sequence[int]) -> None:
    await fetch(
        f"SELECT id FROM stock_level WHERE id IN ({marks(level_ids)})"
        f" ORDER BY variant_id, location_id{for_update()}",
        *level_ids,
    )
    await settle(ctx, level_ids)


async def begin(ctx: Context, keys: Sequence[LevelKey]) -> None:
    """Insert a cost of 0 for those of the levels that have none."""
    wanted = ", ".join(["(CAST(? AS BIGINT), CAST(? AS BIGINT))"] + ["(?, ?)"] * (len(keys) - 1))
    await execute(
        f"WITH wanted (variant_id, location_id) AS (VALUES {wanted})"
        " INSERT INTO stock_cost (level_id, quantity, value_minor, known_quantity, known_minor,"
        " movement_id, level_version, created_at)"
        " SELECT level.id, level.available + level.held + level.committed + level.damaged"
        " + level.quarantined, 0, 0, 0, COALESCE((SELECT MAX(movement.id) FROM stock_movement AS"
        " movement WHERE movement.variant_id = level.variant_id"
        " AND movement.location_id = level.location_id), 0), level.version, ?"
        " FROM wanted CROSS JOIN stock_level AS level WHERE level.variant_id = wanted.variant_id"
        " AND level.location_id = wanted.location_id ON CONFLICT (level_id) DO NOTHING",
        *(value for key in keys for value in key),
        ctx.now(),
    )


async def settle(
    ctx: Context,
    level_ids: Collection[int],
    document: Document | None = None,
    worth: Mapping[Way, int] | None = None,
) -> dict[Way, int]:
    """Settle the movements of locked levels. Return the values of those of `document`, by way."""
    ids = sorted(level_ids)
    rows = await fetch(
        f"SELECT {COLUMNS} {UNSETTLED} WHERE level.id IN ({marks(ids)})"
        " ORDER BY level.id, movement.id",
        *ids,
    )
    settled, entries, values = [], [], {}
    for level_id, group in groupby(rows, key=lambda row: row["id"]):
        of_level = list(group)
        movements = _movements(of_level)
        own = [_way(row) if _document(row) == document else None for row in movements]
        cost_movements = [
            CostMovement(_net_quantity(row), (worth or {}).get(way) if way else None)
            for row, way in zip(movements, own, strict=True)
        ]
        stock, changes = apply(_settled(of_level[0]), cost_movements)
        latest = movements[-1]["movement_id"] if movements else None
        settled.append(_columns(stock, latest, of_level[0]))
        for row, way, change in zip(movements, own, changes, strict=True):
            entries.append((level_id, row["movement_id"], change, ctx.now()))
            if way:
                values[way] = abs(change)
    await _write(settled, entries)
    return values


async def _write(settled: Sequence[Sequence[Any]], entries: Sequence[Sequence[Any]]) -> None:
    await execute_many(
        "UPDATE stock_cost SET quantity = ?, value_minor = ?, known_quantity = ?, known_minor = ?,"
        " movement_id = COALESCE(CAST(? AS BIGINT), movement_id), level_version = ?"
        " WHERE level_id = ?",
        settled,
    )
    columns = ("level_id", "movement_id", "value_minor", "created_at")
    await insert_all("stock_cost_entry", columns, entries)


def _columns(stock: Valuation, movement_id: int | None, row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        stock.quantity,
        stock.value_minor,
        stock.known_quantity,
        stock.known_minor,
        movement_id,
        row["version"],
        row["id"],
    )


def _settled(row: dict[str, Any]) -> Valuation:
    return Valuation(row["quantity"], row["value_minor"], row["known_quantity"], row["known_minor"])


def _movements(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["movement_id"] is not None]


def _net_quantity(row: dict[str, Any]) -> int:
    """Return the change of the quantity on hand by a movement."""
    return moved(
        StockState(row["from_state"]), StockState(row["to_state"]), row["moved_quantity"]
    ).on_hand


def _way(row: dict[str, Any]) -> Way:
    key = row["variant_id"], row["location_id"]
    return key, StockState(row["from_state"]), StockState(row["to_state"])


def _document(row: dict[str, Any]) -> Document | None:
    return (row["document_type"], row["document_id"]) if row["document_type"] else None
