"""Lists of products: filtered, searched, sorted, in keyset pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.catalog.assortments import LISTED
from models.catalog.relevance import ON_SALE_LIMIT
from models.catalog.rows import ProductRow
from models.database import records
from resolvers.catalog.scope import sees_unpublished
from resolvers.catalog.search.filters import ProductQuery, conditions_of
from resolvers.catalog.search.searching import Search, search_of
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Order, page_of

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
    tie = f"products {ctx.merchant_id} {sort} {query}"
    order = _ORDERS.get(sort or ProductSort.RELEVANCE)
    first = (order or _ORDERS[ProductSort.NEWEST]).columns[0]
    conditions = await conditions_of(ctx, query, paged_by=first)
    if search := await search_of(ctx, query.search):
        found = search.otherwise_sorted()
        if order is None:
            order, found = search.by_relevance()
        conditions.add(str(found), *found.values)
    order = order or _ORDERS[ProductSort.NEWEST]
    return await page_of(ProductRow, _TABLE, conditions, order, request, tie)


@for_anyone
async def count(ctx: Context, query: ProductQuery) -> int:
    """How many products there are in all the pages of `query`."""
    search = await search_of(ctx, query.search)
    alone = query == ProductQuery(search=query.search)
    if search is None or not alone or search.coded or search.needs_texts:
        return await _count(await _matches(ctx, query, search))
    if await sees_unpublished(ctx, ctx.merchant_id):
        return await _count(await _matches(ctx, query, search))
    # The index knows what is on sale: no product need be read.
    hits, values = search.hits(f"rank < {ON_SALE_LIMIT}")
    listed = LISTED.replace("p.id", "hit.product_id")
    return await _count(Matches(f"({hits}) AS hit", listed, [*values, str(ctx.channel)]))


@dataclass(frozen=True, slots=True)
class Matches:
    """The products of a list, `product p` among them: a FROM, a WHERE, and the values of both."""

    source: str
    conditions: str
    values: Sequence[Any]

    def __str__(self) -> str:
        return f"{self.source} WHERE {self.conditions}"


async def matches(ctx: Context, query: ProductQuery) -> Matches:
    """Whatever stands on the pages of `query`. Raises: InvalidInput."""
    return await _matches(ctx, query, await search_of(ctx, query.search))


async def _matches(ctx: Context, query: ProductQuery, search: Search | None) -> Matches:
    conditions = await conditions_of(ctx, query)
    if search is None:
        return Matches(_TABLE, str(conditions), conditions.values)
    hits, values = search.hits()
    confirmed = search.confirmed()
    conditions.add(str(confirmed), *confirmed.values)
    source = f"({hits}) AS hit JOIN product p ON p.id = hit.product_id"
    return Matches(source, str(conditions), [*values, *conditions.values])


async def _count(found: Matches) -> int:
    rows = await records(f"SELECT COUNT(*) FROM {found}", *found.values)
    return int(rows[0][0])
