"""Estimates of how many levels a list reads, for the cost of its page, counts and sums."""

from __future__ import annotations

from collections.abc import Sequence

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
    each_location, locations = await sizes(ctx)
    if sort is LevelSort.DISTANCE:
        return locations * min(size + 1, each_location)
    if goods and goods.ids and wanted.variant_id is None:
        return len(goods.ids) * min(size + 1, locations)
    return 0


@for_anyone
async def of_pages_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter, sort: LevelSort | None
) -> int:
    """Return how many levels are read for a page of each of these locations."""
    if reads_all(wanted, sort):
        return await of_lists_at(ctx, location_ids, wanted, private=True)
    goods = await goods_in(ctx, wanted)
    if goods is None or goods.ids is None or wanted.variant_id is not None:
        return 0
    each_location, _ = await sizes(ctx)
    return len(set(location_ids)) * min(len(goods.ids), each_location)


@for_anyone
async def of_lists_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter, *, private: bool
) -> int:
    """Return how many levels the lists of these locations have; `private` as for `of_list`."""
    return await of_list(ctx, wanted, private=private, among=len(set(location_ids)))


@for_anyone
async def of_list(
    ctx: Context, wanted: LevelFilter, *, private: bool, among: int | None = None
) -> int:
    """Return how many levels a list has.

    With `private` only where the caller may read stock; `among`: in so many locations.
    """
    each_location, locations = await sizes(ctx)
    if private or reads_all(wanted, None):
        known = await number_of_locations_with(ctx, Permission.STOCK_READ)
        locations = locations if known is None else known
    if among is not None:
        locations = min(locations, among)
    if wanted.location_id is not None:
        locations = min(locations, 1)
    goods = await goods_in(ctx, wanted)
    variants = each_location
    if goods and goods.ids is not None:
        variants = min(variants, len(goods.ids))
    return locations * (1 if wanted.variant_id is not None else variants)


async def sizes(ctx: Context) -> tuple[int, int]:
    """Return the average number of levels at a location, and the merchant's number of locations."""
    if _SIZES_KEY not in ctx.memory:
        ((levels, all_locations, locations),) = await records(_SIZES, ctx.merchant_id)
        ctx.memory[_SIZES_KEY] = (levels // max(all_locations, 1), locations)
    found: tuple[int, int] = ctx.memory[_SIZES_KEY]
    return found
