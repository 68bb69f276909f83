"""Lists of products: filtered, searched, sorted, in keyset pages."""

from __future__ import annotations

from enum import StrEnum

from models.catalog.rows import ProductRow
from models.database import fetch
from resolvers.catalog.filters import ProductQuery, conditions_of
from resolvers.catalog.searching import Search, search_of
from resolvers.context import Context
from resolvers.keyset import Conditions, Order, page_of
from resolvers.paging import Page, PageRequest
from resolvers.permissions import for_anyone

_TABLE = "product p"


class ProductSort(StrEnum):
    RELEVANCE = "RELEVANCE"
    NEWEST = "NEWEST"
    NAME = "NAME"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    BEST_SELLING = "BEST_SELLING"


_ORDERS = {
    ProductSort.NEWEST: Order(("p.id",), (int,), falling=True),
    ProductSort.NAME: Order(("p.name", "p.id"), (str, int)),
    ProductSort.PRICE_ASC: Order(("p.lowest_price_minor", "p.id"), (int, int)),
    ProductSort.PRICE_DESC: Order(("p.lowest_price_minor", "p.id"), (int, int), falling=True),
    ProductSort.BEST_SELLING: Order(("p.units_sold", "p.id"), (int, int), falling=True),
}


@for_anyone
async def page(
    ctx: Context, query: ProductQuery, sort: ProductSort | None, request: PageRequest
) -> Page[ProductRow]:
    """One page of the products that this caller sees; by relevance unless told otherwise.

    Relevance without a search means the newest first. Prices sort by the lowest of a product.

    Raises: InvalidInput.
    """
    conditions, search = await _conditions(ctx, query)
    tie = f"products {ctx.merchant_id} {sort} {query}"
    order = _order(search, sort or ProductSort.RELEVANCE)
    return await page_of(ProductRow, _TABLE, conditions, order, request, tie)


@for_anyone
async def count(ctx: Context, query: ProductQuery) -> int:
    """How many products there are in all the pages of `query`."""
    conditions, _ = await _conditions(ctx, query)
    rows = await fetch(f"SELECT COUNT(*) AS n FROM {_TABLE} WHERE {conditions}", *conditions.values)
    number: int = rows[0]["n"]
    return number


async def _conditions(ctx: Context, query: ProductQuery) -> tuple[Conditions, Search | None]:
    conditions = await conditions_of(ctx, query)
    search = await search_of(ctx, query.search)
    if search:
        conditions.add(search.condition, *search.condition_values)
    return conditions, search


def _order(search: Search | None, sort: ProductSort) -> Order:
    if sort is ProductSort.RELEVANCE:
        return search.order if search else _ORDERS[ProductSort.NEWEST]
    return _ORDERS[sort]
