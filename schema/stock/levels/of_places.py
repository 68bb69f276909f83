"""The lists of stock levels of stores and warehouses; schema/stores declares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock import level_lists
from resolvers.stock.level_filters import EVERYTHING
from schema.stock.levels.lists import StockLevelConnection, StockLevelFilter
from schema.stock.levels.prices import pay_for_pages_at, paying_at
from schema.stock.sorts import LevelSort
from schema.stock.types import StockLevel


async def levels_at(
    location_ids: Sequence[int],
    ctx: Context,
    filter: StockLevelFilter | None,
    sort: LevelSort | None,
    request: PageRequest,
) -> list[StockLevelConnection]:
    """A page of the levels of each place, in their order."""
    wanted = filter.wanted() if filter else EVERYTHING
    await pay_for_pages_at(ctx, location_ids, wanted, sort)
    pages = await level_lists.pages_at(ctx, location_ids, request, wanted, sort)
    tally = level_lists.tally_at(ctx, location_ids, wanted, sort)
    tally = replace(tally, paid=paying_at(ctx, location_ids, wanted))
    return [
        StockLevelConnection.of(pages[row_id], StockLevel.of, tally, row_id)
        for row_id in location_ids
    ]
