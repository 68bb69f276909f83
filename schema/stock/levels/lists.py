"""Lists of stock levels: what they are cut to, how they are sorted, what they add up to."""

from __future__ import annotations

from typing import Any

import strawberry

from models.stock.health import StockHealth
from resolvers.context import Context
from resolvers.stock import level_filters
from resolvers.stock.level_lists import LevelTally, Totals
from schema.batching import batched
from schema.cost.directives import cost
from schema.cost.prices import COUNT
from schema.money import Money
from schema.pagination import TalliedConnection, tallied
from schema.stock.filters import location_of, variant_of
from schema.stock.types import StockLevel


@strawberry.input(description="All that is given must hold.")
class StockLevelFilter:
    """The filter of a list of stock levels."""

    search: str | None = strawberry.field(
        default=None,
        description="Parts of the product's name, or a whole code, SKU or barcode of the product.",
    )
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The variant that stands there."
    )
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store or warehouse."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="At a place at or below this node, where you may read stock."
    )
    category_code: str | None = strawberry.field(
        default=None, description="Goods of this category and those below it."
    )
    brand_code: str | None = strawberry.field(default=None, description="Goods of this brand.")
    health: list[StockHealth] | None = strawberry.field(
        default=None, description="One of these, where you may read stock."
    )
    unsold_days: int | None = strawberry.field(
        default=None,
        description="There for so many days or more (1 to 366), and none sold there in them, where"
        " you may read stock.",
    )

    def wanted(self) -> level_filters.LevelFilter:
        """Raises: InvalidInput naming what is no ID."""
        return level_filters.LevelFilter(
            search=self.search,
            variant_id=variant_of(self.variant_id),
            location_id=location_of(self.location_id, "filter", "locationId"),
            organisation_code=self.organisation_code,
            category_code=self.category_code,
            brand_code=self.brand_code,
            health=None if self.health is None else tuple(sorted(set(self.health))),
            unsold_days=self.unsold_days,
        )


@strawberry.type(
    description="Sums over the levels of a list where you may read stock; 0 of all others."
)
class StockTotals:
    """The sums over a list of stock levels."""

    row: strawberry.Private[Totals]
    tally: strawberry.Private[LevelTally]
    key: strawberry.Private[Any]
    levels: int = strawberry.field(description="How many levels were added up.")
    on_hand: int = strawberry.field(description="Pieces that stand there, in whatever state.")
    available: int = strawberry.field(description="Pieces that are available.")
    held: int = strawberry.field(description="Pieces held for orders that are not paid.")
    committed: int = strawberry.field(description="Pieces that belong to paid orders.")
    incoming: int = strawberry.field(description="Pieces that are on their way there.")

    @cost(COUNT)
    @batched
    @staticmethod
    async def value(parents: list[StockTotals], ctx: Context) -> list[Money | None]:
        """What the pieces are worth at moving average cost, where you hold STOCK_COST_READ; else null."""
        found = await tallied(parents, lambda tally, keys: tally.values(keys))
        return [Money.optional(value) for value in found]

    @classmethod
    def of(cls, row: Totals, tally: LevelTally, key: Any) -> StockTotals:
        """Return the sums of a list that `key` tells from others of its tally."""
        return cls(
            row=row,
            tally=tally,
            key=key,
            levels=row.levels,
            on_hand=row.on_hand,
            available=row.available,
            held=row.held,
            committed=row.committed,
            incoming=row.incoming,
        )


@strawberry.type
class StockLevelConnection(TalliedConnection[StockLevel]):
    """A page of stock levels, with sums over the whole list."""

    @cost(COUNT)
    @batched
    @staticmethod
    async def totals(parents: list[StockLevelConnection], ctx: Context) -> list[StockTotals]:
        """What the levels of the whole list add up to, where you may read stock."""
        found: list[Any] = await tallied(parents, lambda tally, keys: tally.sums(keys))
        return [
            StockTotals.of(row, parent.tally, parent.key)  # type: ignore[arg-type]
            for row, parent in zip(found, parents, strict=True)
        ]
