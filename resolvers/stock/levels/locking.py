"""Locking levels before they are read, and creating those that do not exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from models.database import execute, fetch, for_update, marks
from models.errors import LimitExceeded
from models.stock.levels import LevelKey
from models.stock.rules import COLUMNS, MOST_ON_HAND, Quantities, moved
from resolvers.context import Context
from resolvers.stock.allocation.backorder_allocation import lock_backorders
from resolvers.stock.allocation.hold_rows import free_expired
from resolvers.stock.ledger.ledger import ChangedLevel, Move, create_missing


@dataclass(frozen=True, slots=True)
class LockedLevel:
    """A locked level. If it is `backordered`, units that arrive must `fill` the allocations of its variant.

    `is_new` is whether the level was created by locking it.
    """

    id: int
    quantities: Quantities
    backordered: bool
    is_new: bool = False


async def lock(
    ctx: Context, keys: Collection[LevelKey]
) -> tuple[dict[LevelKey, LockedLevel], list[ChangedLevel]]:
    """Lock the levels at `keys` in order, release their expired holds, and create missing levels.

    Return the levels, and those that changed by releasing holds. Their backorders are locked before them.
    """
    existing, backordered_ids = await _read(keys, ""), set[int]()
    if asked := sorted({p[0] for p in keys if p not in existing or existing[p].backordered}):
        backordered_ids = await lock_backorders(marks(asked), *asked)
    if missing := set(keys) - existing.keys():
        await create_missing(ctx, missing)
    levels = await _read(keys, for_update())
    freed = await free_expired(
        ctx, [level.id for level in levels.values() if level.quantities.held]
    )
    found = await _read(keys, "") if freed else levels
    return {
        p: replace(found[p], backordered=p[0] in backordered_ids, is_new=p in missing)
        for p in found
    }, freed


async def forget_new(levels: Collection[LockedLevel]) -> None:
    """Delete those levels that were created only to be locked."""
    if new := [level.id for level in levels if level.is_new]:
        await execute(
            f"DELETE FROM stock_level WHERE id IN ({marks(new)}) AND version = 0 AND NOT safety_is_own",
            *new,
        )


def check_room(
    levels: Mapping[LevelKey, LockedLevel], moves: Sequence[Move], *path: str | int
) -> None:
    """Raise LimitExceeded at `path` if a level would hold more than MOST_ON_HAND units."""
    added = Counter[LevelKey]()
    for each in moves:
        added[each.level_key] += moved(each.from_state, each.to_state, each.quantity).on_hand
    for key, quantity in added.items():
        if quantity > 0 and levels[key].quantities.on_hand + quantity > MOST_ON_HAND:
            message = "A location holds at most {maximum} units of a variant."
            raise LimitExceeded(message, path=path, maximum=MOST_ON_HAND)


def backordered(levels: Mapping[LevelKey, LockedLevel]) -> list[LevelKey]:
    """Return the keys of backordered levels."""
    return [key for key, level in levels.items() if level.backordered]


async def _read(keys: Collection[LevelKey], locking: str) -> dict[LevelKey, LockedLevel]:
    if not keys:
        return {}
    wanted = ", ".join(["(CAST(? AS BIGINT), CAST(? AS BIGINT))"] + ["(?, ?)"] * (len(keys) - 1))
    rows = await fetch(
        f"WITH wanted (variant_id, location_id) AS (VALUES {wanted})"
        " SELECT level.id, level.variant_id, level.location_id, level.available, level.held,"
        " level.committed, level.damaged, level.quarantined, EXISTS (SELECT 1 FROM stock_backorder"
        " WHERE stock_backorder.variant_id = level.variant_id) AS backordered"
        # CROSS JOIN makes SQLite read `wanted` first, whatever its estimate.
        " FROM wanted CROSS JOIN stock_level AS level"
        " WHERE level.variant_id = wanted.variant_id AND level.location_id = wanted.location_id"
        f" ORDER BY level.variant_id, level.location_id{locking}",
        *(value for key in keys for value in key),
    )
    return {
        (row["variant_id"], row["location_id"]): LockedLevel(
            row["id"], Quantities(*(row[column] for column in COLUMNS)), bool(row["backordered"])
        )
        for row in rows
    }
