"""The health of a level compared with its safety stock, and the days of cover at the current rate of sale."""

from __future__ import annotations

from enum import StrEnum

from models.stock.sellable_sql import EFFECTIVE

LONGEST_DAYS = 366
"""The longest period, in days, for which sales are added up."""
COVER_DAYS = 30
"""The days of sales from which the cover is computed."""


class StockHealth(StrEnum):
    """BELOW_MINIMUM and OVERSTOCK need a minimum or maximum of the level, which no level has yet."""

    OUT = "OUT"
    BELOW_SAFETY = "BELOW_SAFETY"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    SOUND = "SOUND"
    OVERSTOCK = "OVERSTOCK"


def health_of(available: int, safety_stock: int) -> StockHealth:
    if available == 0:
        return StockHealth.OUT
    return StockHealth.BELOW_SAFETY if available < safety_stock else StockHealth.SOUND


# `health_of` for a stock_level `l` in SQL; both parameters are the current time.
HEALTH = (
    f"CASE WHEN {EFFECTIVE} = 0 THEN 'OUT' WHEN {EFFECTIVE} < l.safety_stock THEN 'BELOW_SAFETY'"
    " ELSE 'SOUND' END"
)


def cover_days(available: int, sold: int) -> int | None:
    """Return how many whole days the available units last, or None if nothing was sold.

    `sold` is the number of units sold in the last `COVER_DAYS` days.
    """
    return available * COVER_DAYS // sold if sold else None
