"""Refusals that name the levels with too few units, and the units they have."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import InsufficientStock
from models.stock.levels import LevelKey
from models.stock.rules import sellable, suffices
from models.stock.states import HoldStatus
from resolvers.stock.allocation.hold_rows import Held


def of_holds(holds: Sequence[Held]) -> list[InsufficientStock]:
    """Return a refusal for each locked level that has too few units for the order's released holds."""
    again: dict[LevelKey, list[Held]] = {}
    for each in holds:
        if each.status is HoldStatus.RELEASED:
            again.setdefault(each.level_key, []).append(each)
    short = []
    for key, lines in again.items():
        total = sum(each.quantity for each in lines)
        online = sum(each.quantity for each in lines if not each.below_safety)
        level = lines[0]
        if not suffices(level.available, level.safety_stock, total=total, online=online):
            available = sellable(level.available, level.safety_stock, counter=not online)
            short.append(InsufficientStock(key[0], requested=total, available=available))
    return short
