"""Levels locked before they are looked at, created where there are none."""

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
    """`backordered`: its variant may be promised before it comes, and what comes is to `fill` promises."""

    id: int
    quantities: Quantities
    backordered: bool
    is_new: bool = False  # there was none before


async def lock(
    ctx: Context, keys: Collection[LevelKey]
) -> tuple[dict[LevelKey, LockedLevel], list[ChangedLevel]]:
    """The levels at `keys`, locked in order, once their expired holds are given back.

    Answers also the levels that changed by that. Their backorders, if any, are locked before them.
    """
    existing, owing = await _read(keys, ""), set[int]()
    if asked := sorted({p[0] for p in keys if p not in existing or existing[p].backordered}):
        owing = await lock_backorders(marks(asked), *asked)
    if missing := set(keys) - existing.keys():
        await create_missing(ctx, missing)
    levels = await _read(keys, for_update())
    freed = await free_expired(
        ctx, [level.id for level in levels.values() if level.quantities.held]
    )
    found = await _read(keys, "") if freed else levels
    return {
        p: replace(found[p], backordered=p[0] in owing, is_new=p in missing) for p in found
    }, freed


async def forget_new(levels: Collection[LockedLevel]) -> None:
    """Take back those that were created to be locked, since nothing came of it."""
    if new := [level.id for level in levels if level.is_new]:
        await execute(
            f"DELETE FROM stock_level WHERE id IN ({marks(new)}) AND version = 0 AND NOT safety_is_own",
            *new,
        )


def check_room(
    levels: Mapping[LevelKey, LockedLevel], moves: Sequence[Move], *path: str | int
) -> None:
    """Raises: LimitExceeded at `path` for a level that would hold more pieces than can be told."""
    coming = Counter[LevelKey]()
    for each in moves:
        coming[each.level_key] += moved(each.from_state, each.to_state, each.quantity).on_hand
    for key, quantity in coming.items():
        if quantity > 0 and levels[key].quantities.on_hand + quantity > MOST_ON_HAND:
            message = "A location holds at most {maximum} units of a variant."
            raise LimitExceeded(message, path=path, maximum=MOST_ON_HAND)


def backordered(levels: Mapping[LevelKey, LockedLevel]) -> list[LevelKey]:
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
        # CROSS JOIN: SQLite takes the few wanted first, however many they seem to it.
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
