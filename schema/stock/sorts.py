"""How lists of stock levels are sorted."""

from __future__ import annotations

from resolvers.stock.level_filters import LevelSort
from schema.enums import described_enum

__all__ = ["LevelSort"]

described_enum(
    LevelSort,
    "How stock levels are sorted. By change, availability, cover and value only places are listed where"
    " you may read stock, or costs.",
    name="StockLevelSort",
    DISTANCE="The nearest place first: to `near`, else to the place that the request comes from; places"
    " without a position are left out.",
    UPDATED="The latest changed first.",
    AVAILABLE_ASC="The fewest available pieces first.",
    AVAILABLE_DESC="The most available pieces first.",
    COVER_ASC="The fewest coverDays first; what was not sold in 30 days last.",
    VALUE_DESC="What was worth most when it was last counted first.",
)
