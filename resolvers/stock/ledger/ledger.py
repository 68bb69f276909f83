"""Changes of levels and the movements that record them. Only this module changes the quantities of levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import execute_many, fetch, for_update, is_postgres, marks
from models.deferred_writes import insert_later
from models.stock.levels import LevelKey
from models.stock.rules import Quantities, moved
from models.stock.states import MovementReason, StockState
from resolvers.background.outbox import Change, announce
from resolvers.context import Context

_RECORDED = (
    *("variant_id", "location_id", "from_state", "to_state", "quantity", "reason"),
    *("document_type", "document_id", "actor_kind", "actor_id", "note", "created_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of `quantity` units from one state to another.

    With `above_safety` the move may not use the safety stock. `document` is the type and row ID of the
    document it belongs to, such as `("Order", 7)`.
    """

    variant_id: int
    location_id: int
    from_state: StockState
    to_state: StockState
    quantity: int
    reason: MovementReason
    document: tuple[str, int] | None = None
    note: str | None = None
    above_safety: bool = False

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id


@dataclass(frozen=True, slots=True)
class ChangedLevel:
    """A level that was changed, with its merchant and organisation."""

    id: int
    variant_id: int
    location_id: int
    merchant_id: int
    organisation_id: int
    updated_at: datetime | str  # SQLite returns times as text


async def move(ctx: Context, moves: Sequence[Move]) -> dict[LevelKey, ChangedLevel]:
    """Apply the moves of every level that has the units for all its moves. Return the changed levels.

    A level that lacks units, or does not exist, stays unchanged and is missing from the result. The update
    checks the quantities itself, so no concurrent transaction can use the same units.
    """
    changed = await change(ctx, moves)
    await record(ctx, moves, changed)
    return changed


async def change(ctx: Context, moves: Sequence[Move]) -> dict[LevelKey, ChangedLevel]:
    """Change the levels as `move` does, without writing the movements. The caller must `record` them.

    All levels are locked, also those that stay unchanged.
    """
    if not moves:
        return {}
    rows = await fetch(
        _update(len({each.level_key for each in moves})), *_values(moves), *[ctx.now()] * 2
    )
    return {(row["variant_id"], row["location_id"]): ChangedLevel(**row) for row in rows}


async def move_all(ctx: Context, moves: Sequence[Move]) -> list[ChangedLevel]:
    """Apply moves that must succeed, because the levels and holds are locked and were checked.

    Raises: RuntimeError, which undoes the transaction, if levels and holds contradict each other.
    """
    changed = await move(ctx, moves)
    if lacking := {each.level_key for each in moves} - changed.keys():
        raise RuntimeError(f"levels have fewer units than recorded: {sorted(lacking)}")
    return list(changed.values())


async def create_missing(ctx: Context, keys: Iterable[LevelKey]) -> None:
    """Create an empty level for each of `keys` that has none.

    New levels have the default safety stock of their location. On PostgreSQL the locations are locked, so a
    concurrent change of a default is finished first.
    """
    wanted, now = sorted(keys), ctx.now()
    if is_postgres() and wanted:
        ids = sorted({location_id for _, location_id in wanted})
        await fetch(
            f"SELECT id FROM location WHERE id IN ({marks(ids)}) ORDER BY id FOR SHARE", *ids
        )
    await execute_many(
        "INSERT INTO stock_level (variant_id, location_id, available, held, committed, damaged,"
        " quarantined, incoming, safety_stock, version, created_at, updated_at)"
        " VALUES (?, ?, 0, 0, 0, 0, 0, 0,"
        " COALESCE((SELECT safety_stock FROM safety_stock_default WHERE location_id = ?), 0), 0, ?, ?)"
        " ON CONFLICT (variant_id, location_id) DO NOTHING",
        [(*key, key[1], now, now) for key in wanted],
    )


async def announce_changed(ctx: Context, levels: Iterable[ChangedLevel]) -> None:
    """Announce each changed level once."""
    changes = [
        Change(
            topic="stock.changed",
            node_type="StockLevel",
            node_id=level.id,
            merchant_id=level.merchant_id,
            organisation_id=level.organisation_id,
            variant_id=level.variant_id,
            location_id=level.location_id,
        )
        for level in {level.id: level for level in levels}.values()
    ]
    await announce(ctx, changes)


def _update(levels: int) -> str:
    """Return the guarded update of this many levels. The CTE locks them in the order of keys.

    CROSS JOIN, MATERIALIZED and IN keep SQLite from scanning all levels for some hundred keys.
    """
    first = "(CAST(? AS BIGINT), CAST(? AS BIGINT)" + ", CAST(? AS INTEGER)" * 6 + ")"
    rows = ", ".join([first] + ["(?, ?, ?, ?, ?, ?, ?, ?)"] * (levels - 1))
    return f"""
WITH delta (variant_id, location_id, available, held, committed, damaged, quarantined, above_safety)
  AS (VALUES {rows}),
locked AS MATERIALIZED (
  SELECT level.id, delta.available, delta.held, delta.committed, delta.damaged, delta.quarantined,
    delta.above_safety
  FROM delta CROSS JOIN stock_level AS level
  WHERE level.variant_id = delta.variant_id AND level.location_id = delta.location_id
  ORDER BY level.variant_id, level.location_id{for_update()})
UPDATE stock_level SET
  available = stock_level.available + locked.available,
  held = stock_level.held + locked.held,
  committed = stock_level.committed + locked.committed,
  damaged = stock_level.damaged + locked.damaged,
  quarantined = stock_level.quarantined + locked.quarantined,
  version = stock_level.version + 1,
  updated_at = CASE WHEN stock_level.updated_at > ? THEN stock_level.updated_at ELSE ? END
FROM locked
WHERE stock_level.id = locked.id AND stock_level.id IN (SELECT id FROM locked)
  AND stock_level.available + locked.available >= 0
  AND (locked.above_safety = 0
    OR stock_level.available - locked.above_safety >= stock_level.safety_stock)
  AND stock_level.held + locked.held >= 0
  AND stock_level.committed + locked.committed >= 0
  AND stock_level.damaged + locked.damaged >= 0
  AND stock_level.quarantined + locked.quarantined >= 0
RETURNING stock_level.id, stock_level.variant_id, stock_level.location_id, stock_level.updated_at,
  (SELECT merchant_id FROM location WHERE location.id = stock_level.location_id) AS merchant_id,
  (SELECT organisation_id FROM location WHERE location.id = stock_level.location_id)
    AS organisation_id
"""


def _values(moves: Sequence[Move]) -> list[int]:
    """Return the rows of the update's `delta`, one for each level."""
    deltas: dict[LevelKey, Quantities] = {}
    above_safety: dict[LevelKey, int] = {}
    for each in moves:
        delta = moved(each.from_state, each.to_state, each.quantity)
        deltas[each.level_key] = deltas.get(each.level_key, Quantities()) + delta
        if each.above_safety:
            above_safety[each.level_key] = above_safety.get(each.level_key, 0) + each.quantity
    return [
        value
        for key, delta in deltas.items()
        for value in (*key, *delta.values, above_safety.get(key, 0))
    ]


async def record(
    ctx: Context, moves: Sequence[Move], changed: Mapping[LevelKey, ChangedLevel]
) -> None:
    """Insert the movements of the changed levels, with the time of the level's change."""
    await insert_later(
        "stock_movement",
        _RECORDED,
        [
            (
                *each.level_key,
                str(each.from_state),
                str(each.to_state),
                each.quantity,
                str(each.reason),
                *(each.document or (None, None)),
                str(ctx.actor.kind),
                ctx.actor.id,
                each.note,
                changed[each.level_key].updated_at,
            )
            for each in moves
            if each.level_key in changed
        ],
    )
