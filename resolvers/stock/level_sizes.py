"""How many levels a list reads before its page, or its counts and sums, are known: about, for its price."""

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
    number_of_places_with,
    reads_all,
)

_PLACES_AND_LEVELS = "levels of a place"
_SIZES = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM stock_level), (SELECT COUNT(*) FROM location),"
    " (SELECT COUNT(*) FROM location WHERE merchant_id = ?)"
)


@for_anyone
async def of_page(ctx: Context, wanted: LevelFilter, sort: LevelSort | None, size: int) -> int:
    """The levels that are read for a page: all, or the first few of each place or variant that leads it."""
    goods = await goods_in(ctx, wanted)
    if reads_all(wanted, sort):
        return await of_list(ctx, wanted, private=True)
    each_place, places = await _sizes(ctx)
    if sort is LevelSort.DISTANCE:
        return places * min(size + 1, each_place)
    if goods and goods.ids and wanted.variant_id is None:
        return len(goods.ids) * min(size + 1, places)
    return 0


@for_anyone
async def of_pages_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter, sort: LevelSort | None
) -> int:
    """The levels that are read for a page of each of these places."""
    if reads_all(wanted, sort):
        return await of_lists_at(ctx, location_ids, wanted, private=True)
    goods = await goods_in(ctx, wanted)
    if goods is None or goods.ids is None or wanted.variant_id is not None:
        return 0
    each_place, _ = await _sizes(ctx)
    return len(set(location_ids)) * min(len(goods.ids), each_place)


@for_anyone
async def of_lists_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter, *, private: bool
) -> int:
    """The levels of the lists of these places; `private` as for `of_list`."""
    return await of_list(ctx, wanted, private=private, among=len(set(location_ids)))


@for_anyone
async def of_list(
    ctx: Context, wanted: LevelFilter, *, private: bool, among: int | None = None
) -> int:
    """The levels of a list; `private` are those where the caller may read stock, `among` so many places."""
    each_place, places = await _sizes(ctx)
    if private or reads_all(wanted, None):
        known = await number_of_places_with(ctx, Permission.STOCK_READ)
        places = places if known is None else known
    if among is not None:
        places = min(places, among)
    if wanted.location_id is not None:
        places = min(places, 1)
    goods = await goods_in(ctx, wanted)
    variants = each_place
    if goods and goods.ids is not None:
        variants = min(variants, len(goods.ids))
    return places * (1 if wanted.variant_id is not None else variants)


async def _sizes(ctx: Context) -> tuple[int, int]:
    """Levels at a place on average, and places of the merchant; looked up once a request."""
    if _PLACES_AND_LEVELS not in ctx.memory:
        ((levels, all_places, places),) = await records(_SIZES, ctx.merchant_id)
        ctx.memory[_PLACES_AND_LEVELS] = (levels // max(all_places, 1), places)
    found: tuple[int, int] = ctx.memory[_PLACES_AND_LEVELS]
    return found
