"""Estimates of how many levels a list reads, for the cost of its page, counts and sums."""

from __future__ import annotations

from models.accounts.roles import Permission
from models.database import records
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.stock.level_filters import (
    LevelFilter,
    LevelSort,
    goods_in,
    number_of_locations_with,
    reads_all,
)

_SIZES_KEY = "numbers of levels and locations"
_SIZES = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM stock_level), (SELECT COUNT(*) FROM location),"
    " (SELECT COUNT(*) FROM location WHERE merchant_id = ?)"
)


@for_anyone
async def of_page(ctx: Context, wanted: LevelFilter, sort: LevelSort | None, size: int) -> int:
    """Return how many levels a page reads: all of them, or the first of each location or variant."""
    goods = await goods_in(ctx, wanted)
    if reads_all(wanted, sort):
        return await of_list(ctx, wanted, private=True)
    each_location, locations = await _sizes(ctx)
    if sort is LevelSort.DISTANCE:
        return locations * min(size + 1, each_location)
    if goods and goods.ids and wanted.variant_id is None:
        return len(goods.ids) * min(size + 1, locations)
    return 0


@for_anyone
async def of_list(ctx: Context, wanted: LevelFilter, *, private: bool) -> int:
    """Return how many levels a list has; with `private`, where the caller may read stock."""
    each_location, locations = await _sizes(ctx)
    if private or reads_all(wanted, None):
        known = await number_of_locations_with(ctx, Permission.STOCK_READ)
        locations = locations if known is None else known
    if wanted.location_id is not None:
        locations = min(locations, 1)
    goods = await goods_in(ctx, wanted)
    variants = each_location
    if goods and goods.ids is not None:
        variants = min(variants, len(goods.ids))
    return locations * (1 if wanted.variant_id is not None else variants)


async def _sizes(ctx: Context) -> tuple[int, int]:
    """Return the average number of levels at a location, and the merchant's number of locations."""
    if _SIZES_KEY not in ctx.memory:
        ((levels, all_locations, locations),) = await records(_SIZES, ctx.merchant_id)
        ctx.memory[_SIZES_KEY] = (levels // max(all_locations, 1), locations)
    found: tuple[int, int] = ctx.memory[_SIZES_KEY]
    return found
