"""The value of stock, of levels, of movements and in total, where the caller may read costs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.stock.costing import Valuation
from models.stock.costs import StockOpeningCost
from models.stock.documents.transfer_rules import IN_TRANSIT_STATUSES
from models.stock.ledger import StockMovement
from models.stock.levels import LevelKey
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.permissions import for_anyone, may, requires, scoped
from resolvers.stock.costs.costs import COLUMNS, UNSETTLED, counted
from resolvers.stock.documents.documents import paths_of


@dataclass(frozen=True, slots=True)
class StockValue:
    """The stock of some locations that has a cost, and its value in minor units.

    `in_transit_minor` is the value of goods in transit to these locations.
    """

    quantity: int
    value_minor: int
    in_transit_minor: int


@for_anyone
async def of_levels(ctx: Context, level_ids: Sequence[int]) -> dict[int, Valuation]:
    """Return the valuations of levels where the caller may read costs. Levels without a cost are missing."""
    if Permission.STOCK_COST_READ not in ctx.actor.permissions:
        return {}
    ids = sorted(set(level_ids))
    rows = await fetch(
        f"SELECT {COLUMNS} {UNSETTLED} WHERE level.id IN ({marks(ids)})"
        " ORDER BY level.id, movement.id",
        *ids,
    )
    location_ids = await _readable(ctx, {row["location_id"] for row in rows})
    readable = [row for row in rows if row["location_id"] in location_ids]
    return {
        level_id: counted(list(group))[0]
        for level_id, group in groupby(readable, key=lambda row: row["id"])
    }


@for_anyone
async def openings(ctx: Context, level_ids: Sequence[int]) -> dict[int, StockOpeningCost]:
    """Return the opening costs of levels where the caller may read costs."""
    if Permission.STOCK_COST_READ not in ctx.actor.permissions:
        return {}
    rows = await StockOpeningCost.filter(level_id__in=set(level_ids)).prefetch_related("level")
    location_ids = await _readable(ctx, {row.level.location_id for row in rows})
    return {row.level_id: row for row in rows if row.level.location_id in location_ids}


@for_anyone
async def of_movements(ctx: Context, movements: Sequence[StockMovement]) -> dict[int, int]:
    """Return the changes of value by movements, where the caller may read costs.

    Movements within a level, and those before the level had a cost, are missing.
    """
    paths = await _readable(ctx, {each.location_id for each in movements})
    ids = {each.id for each in movements if each.location_id in paths and each.crosses}
    if not ids:
        return {}
    rows = await fetch(
        f"SELECT movement_id, value_minor FROM stock_cost_entry WHERE movement_id IN ({marks([*ids])})",
        *sorted(ids),
    )
    found = {row["movement_id"]: row["value_minor"] for row in rows}
    keys = {each.level_key for each in movements if each.id in ids - found.keys()}
    return found | {key: value for key, value in (await _uncounted(keys)).items() if key in ids}


async def _uncounted(keys: Collection[LevelKey]) -> dict[int, int]:
    """Return the changes of value by movements of these levels that are not settled yet."""
    if not keys:
        return {}
    condition = " OR ".join(["level.variant_id = ? AND level.location_id = ?"] * len(keys))
    rows = await fetch(
        f"SELECT {COLUMNS} {UNSETTLED} WHERE {condition} ORDER BY level.id, movement.id",
        *(value for key in sorted(keys) for value in key),
    )
    found: dict[int, int] = {}
    for _, group in groupby(rows, key=lambda row: row["id"]):
        of_level = list(group)
        ids = [row["movement_id"] for row in of_level if row["movement_id"] is not None]
        found.update(zip(ids, counted(of_level)[1], strict=True))
    return found


async def _readable(ctx: Context, location_ids: Collection[int]) -> set[int]:
    """Return those of the locations where the caller may read costs."""
    if not location_ids or Permission.STOCK_COST_READ not in ctx.actor.permissions:
        return set()
    paths = await paths_of(location_ids)
    return {each for each, path in paths.items() if may(ctx, Permission.STOCK_COST_READ, path)}


@requires(Permission.STOCK_COST_READ)
async def total(ctx: Context, location_id: int | None) -> StockValue:
    """Return the value of the stock in the caller's territory, or at one location of it."""
    query = scoped(Location.all(), ctx, Permission.STOCK_COST_READ, "organisation")
    query = (
        query.filter(id=location_id) if location_id else query.filter(merchant_id=ctx.merchant_id)
    )
    location_ids: list[int] = await query.values_list("id", flat=True)  # type: ignore[assignment]
    rows = await fetch(_total(marks(location_ids)), *location_ids, *location_ids, *location_ids)
    sums = {row["kind"]: row for row in rows if row["kind"] != _UNCOUNTED}
    stocks = [Valuation(sums[_COUNTED]["quantity"], sums[_COUNTED]["value_minor"])]
    uncounted = [row for row in rows if row["kind"] == _UNCOUNTED]
    for _, group in groupby(uncounted, key=lambda row: row["id"]):
        stocks.append(counted(list(group))[0])
    return StockValue(
        quantity=sum(stock.quantity for stock in stocks),
        value_minor=sum(stock.value_minor for stock in stocks),
        in_transit_minor=sums[_ROAD]["value_minor"],
    )


_UNCOUNTED, _COUNTED, _ROAD = range(3)


def _total(locations: str) -> str:
    """Return one statement that reads unsettled levels, settled levels and transfers in one snapshot."""
    nothing = ", ".join(["NULL"] * 4)
    no_movement = ", ".join(["NULL"] * 8)
    statuses = ", ".join(f"'{status}'" for status in IN_TRANSIT_STATUSES)
    return f"""
SELECT {_UNCOUNTED} AS kind, {COLUMNS} {UNSETTLED}
WHERE level.location_id IN ({locations}) AND level.version <> cost.level_version
UNION ALL
SELECT {_COUNTED}, {nothing}, CAST(COALESCE(SUM(cost.quantity), 0) AS BIGINT),
  CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT), {no_movement}
FROM stock_cost AS cost JOIN stock_level AS level ON level.id = cost.level_id
WHERE level.location_id IN ({locations}) AND level.version = cost.level_version
UNION ALL
SELECT {_ROAD}, {nothing}, 0, CAST(COALESCE(SUM(line.road_minor), 0) AS BIGINT), {no_movement}
FROM transfer JOIN transfer_line AS line ON line.transfer_id = transfer.id
WHERE transfer.destination_id IN ({locations}) AND transfer.status IN ({statuses})
ORDER BY kind, id, movement_id
"""
