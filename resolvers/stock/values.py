"""What stock is worth, for those who may know: of single levels, and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.stock.costing import Valued
from models.stock.transfer_rules import ON_THE_ROAD
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.permissions import for_anyone, may, requires, scoped
from resolvers.stock.costs import COLUMNS, UNSETTLED, counted
from resolvers.stock.documents import paths_of


@dataclass(frozen=True, slots=True)
class StockValue:
    """The pieces that have a cost and what they are worth; `road_minor` is on the road to these places."""

    pieces: int
    value_minor: int
    road_minor: int


@for_anyone
async def of_levels(ctx: Context, level_ids: Sequence[int]) -> dict[int, Valued]:
    """The worth of levels where the caller may read costs; those that never had any are missing."""
    if Permission.STOCK_COST_READ not in ctx.actor.permissions:
        return {}
    ids = sorted(set(level_ids))
    rows = await fetch(
        f"SELECT {COLUMNS} {UNSETTLED} WHERE level.id IN ({marks(ids)})"
        " ORDER BY level.id, movement.id",
        *ids,
    )
    paths = await paths_of({row["location_id"] for row in rows})
    readable = [
        row for row in rows if may(ctx, Permission.STOCK_COST_READ, paths[row["location_id"]])
    ]
    return {
        level_id: counted(list(group))[0]
        for level_id, group in groupby(readable, key=lambda row: row["id"])
    }


@requires(Permission.STOCK_COST_READ)
async def total(ctx: Context, location_id: int | None) -> StockValue:
    """What stands in the caller's territory, or at one place of it, is worth."""
    query = scoped(Location.all(), ctx, Permission.STOCK_COST_READ, "organisation")
    query = (
        query.filter(id=location_id) if location_id else query.filter(merchant_id=ctx.merchant_id)
    )
    places: list[int] = await query.values_list("id", flat=True)  # type: ignore[assignment]
    rows = await fetch(_total(marks(places)), *places, *places, *places)
    sums = {row["part"]: row for row in rows if row["part"] != _UNCOUNTED}
    stocks = [Valued(sums[_COUNTED]["quantity"], sums[_COUNTED]["value_minor"])]
    uncounted = [row for row in rows if row["part"] == _UNCOUNTED]
    for _, group in groupby(uncounted, key=lambda row: row["id"]):
        stocks.append(counted(list(group))[0])
    return StockValue(
        pieces=sum(stock.quantity for stock in stocks),
        value_minor=sum(stock.value_minor for stock in stocks),
        road_minor=sums[_ROAD]["value_minor"],
    )


_UNCOUNTED, _COUNTED, _ROAD = range(3)


def _total(places: str) -> str:
    """One statement, so that all of it sees the same moment: levels still to count, all others, the road."""
    nothing = ", ".join(["NULL"] * 4)
    no_movement = ", ".join(["NULL"] * 8)
    statuses = ", ".join(f"'{status}'" for status in ON_THE_ROAD)
    return f"""
SELECT {_UNCOUNTED} AS part, {COLUMNS} {UNSETTLED}
WHERE level.location_id IN ({places}) AND level.version <> cost.level_version
UNION ALL
SELECT {_COUNTED}, {nothing}, CAST(COALESCE(SUM(cost.quantity), 0) AS BIGINT),
  CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT), {no_movement}
FROM stock_cost AS cost JOIN stock_level AS level ON level.id = cost.level_id
WHERE level.location_id IN ({places}) AND level.version = cost.level_version
UNION ALL
SELECT {_ROAD}, {nothing}, 0, CAST(COALESCE(SUM(line.road_minor), 0) AS BIGINT), {no_movement}
FROM transfer JOIN transfer_line AS line ON line.transfer_id = transfer.id
WHERE transfer.destination_id IN ({places}) AND transfer.status IN ({statuses})
ORDER BY part, id, movement_id
"""
