"""Holding units for several orders with one guarded update.

The outcome equals that of holding for one order after the other. Where a level has enough for all orders,
one statement holds all units. Where it has too few, that statement has locked the level: its expired holds
are released, and the orders get their units in their order of arrival, each completely or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from models.database import fetch
from models.errors import InsufficientStock
from models.stock.levels import LevelKey
from models.stock.rules import sellable, suffices
from resolvers.context import Context
from resolvers.stock.allocation.backorder_allocation import fill_freed
from resolvers.stock.allocation.hold_rows import free_expired
from resolvers.stock.ledger.ledger import ChangedLevel, Move, change

Want = Sequence[Move]
"""The moves of one order from AVAILABLE to HELD."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The outcome for each order.

    `shortages` has an entry for each order, which is empty if all its units are held. `levels` are those that
    hold units for an order now, `freed` those whose expired holds were released.
    """

    shortages: Sequence[Sequence[InsufficientStock]]
    levels: Mapping[LevelKey, ChangedLevel]
    freed: Sequence[ChangedLevel]


@dataclass(slots=True)
class _Remaining:
    """What remains of a locked level while its units are distributed."""

    level_id: int = 0
    available: int = 0
    safety_stock: int = 0


async def grant(ctx: Context, wants: Sequence[Want]) -> Granted:
    """Hold the units of each order, earlier orders first. The caller records the movements."""
    moves = [move for want in wants for move in want]
    levels = await change(ctx, moves if len(wants) == 1 else _cautious(moves))
    short = {move.level_key for move in moves} - levels.keys()
    if not short:
        return Granted([()] * len(wants), levels, ())
    ids = [each.level_id for each in (await _remaining(short)).values()]
    freed = await free_expired(ctx, ids)
    left = await _remaining(short)
    shortages = [_distribute(want, left, short) for want in wants]
    levels = {**levels, **await _correct(ctx, wants, shortages, short)}
    await fill_freed(ctx, freed)
    return Granted(shortages, levels, freed)


def _cautious(moves: Iterable[Move]) -> list[Move]:
    """Return the moves with `above_safety` set wherever any order needs it.

    The update then grants only what it would grant in every order of arrival.
    """
    online = {move.level_key for move in moves if move.above_safety}
    return [replace(move, above_safety=move.level_key in online) for move in moves]


def _distribute(
    want: Want, left: Mapping[LevelKey, _Remaining], short: Collection[LevelKey]
) -> list[InsufficientStock]:
    """Subtract an order's units from what remains of the short levels, or return its shortages."""
    asked: dict[LevelKey, list[Move]] = {}
    for move in want:
        if move.level_key in short:
            asked.setdefault(move.level_key, []).append(move)
    missing = []
    for key, moves in asked.items():
        total = sum(move.quantity for move in moves)
        online = sum(move.quantity for move in moves if move.above_safety)
        level = left.get(key, _Remaining())
        if not suffices(level.available, level.safety_stock, total=total, online=online):
            available = sellable(level.available, level.safety_stock, counter=not online)
            missing.append(InsufficientStock(key[0], requested=total, available=available))
    if not missing:
        for key, moves in asked.items():
            left[key].available -= sum(move.quantity for move in moves)
    return missing


async def _correct(
    ctx: Context,
    wants: Sequence[Want],
    shortages: Sequence[Sequence[InsufficientStock]],
    short: Collection[LevelKey],
) -> dict[LevelKey, ChangedLevel]:
    """Hold units of the short levels for satisfied orders, and undo the other holds of refused orders."""
    corrections: list[Move] = []
    for want, missing in zip(wants, shortages, strict=True):
        for move in want:
            if not missing and move.level_key in short:
                corrections.append(replace(move, above_safety=False))
            elif missing and move.level_key not in short:
                corrections.append(_reversed(move))
    changed = await change(ctx, corrections)
    if lacking := {move.level_key for move in corrections} - changed.keys():
        raise RuntimeError(f"locked levels have changed: {sorted(lacking)}")
    return changed


def _reversed(move: Move) -> Move:
    return replace(move, from_state=move.to_state, to_state=move.from_state, above_safety=False)


async def _remaining(keys: Collection[LevelKey]) -> dict[LevelKey, _Remaining]:
    """Read levels that are locked already."""
    condition = " OR ".join(["variant_id = ? AND location_id = ?"] * len(keys))
    rows = await fetch(
        "SELECT id, variant_id, location_id, available, safety_stock FROM stock_level"
        f" WHERE {condition}",
        *(value for key in sorted(keys) for value in key),
    )
    return {
        (row["variant_id"], row["location_id"]): _Remaining(
            row["id"], row["available"], row["safety_stock"]
        )
        for row in rows
    }
