"""Pieces for several orders at once: one guarded update, and the outcome as if they had come one by one.

Where a level has enough for everybody, one statement takes it all. Where it has not, the level is locked by
then: what expired holds keep is given back, and its pieces go to the orders in their order of arrival, each
whole or not at all.
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
"""What one order wants: pieces from AVAILABLE to HELD."""


@dataclass(frozen=True, slots=True)
class Granted:
    """`shortages` has an entry for each order, empty for one that got all it wanted.

    `levels` are those that now hold pieces for an order, `freed` those that gave expired holds back.
    """

    shortages: Sequence[Sequence[InsufficientStock]]
    levels: Mapping[LevelKey, ChangedLevel]
    freed: Sequence[ChangedLevel]


@dataclass(slots=True)
class _Standing:
    """What is left of a locked level while its pieces are given out."""

    level_id: int = 0
    available: int = 0
    safety_stock: int = 0


async def grant(ctx: Context, wants: Sequence[Want]) -> Granted:
    """Hold what each order wants, earlier ones first. The movements are the caller's to record."""
    moves = [move for want in wants for move in want]
    levels = await change(ctx, moves if len(wants) == 1 else _cautious(moves))
    short = {move.level_key for move in moves} - levels.keys()
    if not short:
        return Granted([()] * len(wants), levels, ())
    ids = [each.level_id for each in (await _standing(short)).values()]
    freed = await free_expired(ctx, ids)
    left = await _standing(short)
    shortages = [_given(want, left, short) for want in wants]
    levels = {**levels, **await _correct(ctx, wants, shortages, short)}
    await fill_freed(ctx, freed)
    return Granted(shortages, levels, freed)


def _cautious(moves: Iterable[Move]) -> list[Move]:
    """As if everybody had to leave the safety stock alone where anybody has to.

    Then whatever the update grants, it would have granted in any order of arrival.
    """
    online = {move.level_key for move in moves if move.above_safety}
    return [replace(move, above_safety=move.level_key in online) for move in moves]


def _given(
    want: Want, left: Mapping[LevelKey, _Standing], short: Collection[LevelKey]
) -> list[InsufficientStock]:
    """Take an order's pieces from what is left of the levels that are short, or say what is missing."""
    asked: dict[LevelKey, list[Move]] = {}
    for move in want:
        if move.level_key in short:
            asked.setdefault(move.level_key, []).append(move)
    missing = []
    for key, moves in asked.items():
        total = sum(move.quantity for move in moves)
        online = sum(move.quantity for move in moves if move.above_safety)
        level = left.get(key, _Standing())
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
    """Take from the short levels for those who get theirs, and give back what others took elsewhere."""
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


async def _standing(keys: Collection[LevelKey]) -> dict[LevelKey, _Standing]:
    """Levels that are locked already."""
    condition = " OR ".join(["variant_id = ? AND location_id = ?"] * len(keys))
    rows = await fetch(
        "SELECT id, variant_id, location_id, available, safety_stock FROM stock_level"
        f" WHERE {condition}",
        *(value for key in sorted(keys) for value in key),
    )
    return {
        (row["variant_id"], row["location_id"]): _Standing(
            row["id"], row["available"], row["safety_stock"]
        )
        for row in rows
    }
