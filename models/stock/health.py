"""How a level stands against its floor, and how long what is there lasts at the pace at which it sells."""

from __future__ import annotations

from enum import StrEnum

from models.stock.sellable_sql import EFFECTIVE

LONGEST_DAYS = 366
"""So far back is counted what was sold."""
COVER_DAYS = 30
"""The days whose sales say how long stock lasts."""


class StockHealth(StrEnum):
    """BELOW_MINIMUM and OVERSTOCK are of levels with a minimum or maximum, which none has yet."""

    OUT = "OUT"
    BELOW_SAFETY = "BELOW_SAFETY"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    SOUND = "SOUND"
    OVERSTOCK = "OVERSTOCK"


def health_of(available: int, safety_stock: int) -> StockHealth:
    if available == 0:
        return StockHealth.OUT
    return StockHealth.BELOW_SAFETY if available < safety_stock else StockHealth.SOUND


# The same of a stock_level `l` in SQL; both parameters are now.
HEALTH = (
    f"CASE WHEN {EFFECTIVE} = 0 THEN 'OUT' WHEN {EFFECTIVE} < l.safety_stock THEN 'BELOW_SAFETY'"
    " ELSE 'SOUND' END"
)


def cover_days(available: int, sold: int) -> int | None:
    """How many whole days the available pieces last if as many are sold as in the last `COVER_DAYS`.

    None where nothing was sold.
    """
    return available * COVER_DAYS // sold if sold else None
