"""What stock is worth; empty for whoever may not read costs where it stands."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from resolvers.context import Context
from resolvers.stock import values
from schema.money import Money


@strawberry.type(description="Stock at moving average cost.")
class StockValue:
    pieces: int = strawberry.field(description="Those that stand at places where costs are known.")
    value: Money
    in_transit: Money = strawberry.field(description="On the road to these places by transfers.")

    @classmethod
    def of(cls, found: values.StockValue) -> StockValue:
        return cls(
            pieces=found.pieces,
            value=Money.of(found.value_minor),
            in_transit=Money.of(found.road_minor),
        )


async def average_costs(level_ids: Sequence[int], ctx: Context) -> list[Money | None]:
    found = await values.of_levels(ctx, level_ids)
    return [
        Money.optional(found[level_id].average_minor) if level_id in found else None
        for level_id in level_ids
    ]


async def stock_values(level_ids: Sequence[int], ctx: Context) -> list[Money | None]:
    found = await values.of_levels(ctx, level_ids)
    return [
        Money.of(found[level_id].value_minor) if level_id in found else None
        for level_id in level_ids
    ]
