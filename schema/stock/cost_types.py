"""The value of stock; empty where the caller may not read costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.stock.costs import StockOpeningCost as OpeningRow
from models.stock.ledger import StockMovement
from resolvers.context import Context
from resolvers.stock.costs import valuation as costs_valuation
from schema.actors import Actor, actors
from schema.batching import batched
from schema.money import Money


@strawberry.type(description="Stock at moving average cost.")
class StockValue:
    """The value of stock at moving average cost."""

    pieces: int = strawberry.field(description="Those that stand at places where costs are known.")
    value: Money
    in_transit: Money = strawberry.field(description="On the road to these places by transfers.")

    @classmethod
    def of(cls, found: costs_valuation.StockValue) -> StockValue:
        """Return the value of a sum."""
        return cls(
            pieces=found.quantity,
            value=Money.of(found.value_minor),
            in_transit=Money.of(found.in_transit_minor),
        )


@strawberry.type(description="What a piece was said to cost before any was bought there.")
class StockOpeningCost:
    """The cost that was set for stock that was never bought."""

    unit_cost: Money
    quantity: int = strawberry.field(description="How many pieces stood there then.")
    note: str | None
    set_at: datetime
    row: strawberry.Private[OpeningRow]

    @batched
    @staticmethod
    async def actor(parents: list[StockOpeningCost], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @classmethod
    def of(cls, row: OpeningRow) -> StockOpeningCost:
        """Return the opening cost of a row."""
        return cls(
            unit_cost=Money.of(row.unit_cost_minor),
            quantity=row.quantity,
            note=row.note,
            set_at=row.created_at,
            row=row,
        )


async def opening_costs(level_ids: Sequence[int], ctx: Context) -> list[StockOpeningCost | None]:
    """Return the opening cost of each level, None without one."""
    found = await costs_valuation.openings(ctx, level_ids)
    return [StockOpeningCost.of(found[each]) if each in found else None for each in level_ids]


async def value_changes(movements: Sequence[StockMovement], ctx: Context) -> list[Money | None]:
    """Return what each movement changed in the value of its level."""
    found = await costs_valuation.of_movements(ctx, movements)
    return [Money.optional(found.get(each.id)) for each in movements]


async def average_costs(level_ids: Sequence[int], ctx: Context) -> list[Money | None]:
    """Return the average cost of a piece of each level."""
    found = await costs_valuation.of_levels(ctx, level_ids)
    return [
        Money.optional(found[level_id].average_minor) if level_id in found else None
        for level_id in level_ids
    ]


async def stock_values(level_ids: Sequence[int], ctx: Context) -> list[Money | None]:
    """Return the value of all pieces of each level."""
    found = await costs_valuation.of_levels(ctx, level_ids)
    return [
        Money.of(found[level_id].value_minor) if level_id in found else None
        for level_id in level_ids
    ]
