from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.catalog import brands_and_categories
from resolvers.catalog.prices import listing as price_lists
from resolvers.catalog.prices.listing import PriceListQuery
from resolvers.catalog.products import products, variants
from resolvers.catalog.search import listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.catalog.search.listing import ProductSort
from resolvers.orm_pagination import PageRequest
from schema.catalog.classification import Brand, Category
from schema.catalog.facets import ProductFacets
from schema.catalog.inputs import ProductFilter
from schema.catalog.price_types import PriceList, PriceListFilter
from schema.catalog.types import Product, Variant
from schema.cost.directives import cost, sized_by
from schema.info import Info
from schema.list_arguments import WHICH, AfterCode, SliceSize
from schema.nodes.nodes import optional_row_id, row_id
from schema.operations.cacheable_fields import public
from schema.pagination import CountedConnection, TalliedConnection

strawberry.enum(ProductSort)


@strawberry.type
class CatalogQueries:
    @public
    @strawberry.field
    async def product(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
        code: str | None = None,
    ) -> Product | None:
        """A product by one of what identifies it."""
        row = await products.find(info.context, optional_row_id(id, "Product"), slug, code)
        return Product.of(row) if row else None

    @public
    @strawberry.field
    async def products(
        self,
        info: Info,
        filter: ProductFilter | None = None,
        sort: ProductSort | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[Product]:
        ctx = info.context
        query = filter.query() if filter else ProductQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await listing.page(ctx, query, sort, request)
        return CountedConnection.of(page, Product.of, lambda: listing.count(ctx, query))

    @cost(2000)
    @public
    @strawberry.field
    async def product_facets(
        self, info: Info, filter: ProductFilter | None = None
    ) -> ProductFacets:
        """How many products a list would keep with each brand, category, tag, option, price and in stock."""
        return ProductFacets(query=filter.query() if filter else ProductQuery())

    @public
    @strawberry.field
    async def variant(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        sku: str | None = None,
        gtin: str | None = None,
    ) -> Variant | None:
        """A variant by ID, SKU or any form of its barcode."""
        if id is not None:
            return (await Variant.load(info.context, [row_id(id, "Variant")]))[0]
        if sku is not None:
            row = await variants.by_sku(info.context, sku)
        else:
            row = await variants.by_gtin(info.context, gtin or "")
        return Variant.of(row) if row else None

    @strawberry.field
    async def price_lists(
        self,
        info: Info,
        filter: Annotated[PriceListFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TalliedConnection[PriceList]:
        """The merchant's price lists, by code, for staff who read the catalogue."""
        ctx, wanted = info.context, filter.query() if filter else PriceListQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await price_lists.page(ctx, wanted, request)
        return TalliedConnection.of(page, PriceList.of, await price_lists.tally(ctx, wanted))

    @sized_by("first", otherwise=250)
    @public
    @strawberry.field
    async def brands(
        self, info: Info, first: SliceSize = 250, after_code: AfterCode = None
    ) -> list[Brand]:
        """The merchant's first brands, by code."""
        rows = await brands_and_categories.brands(info.context, first, after_code)
        return [Brand.of(row) for row in rows]

    @public
    @strawberry.field
    async def brand(self, info: Info, code: str) -> Brand | None:
        row = await brands_and_categories.brand(info.context, code)
        return Brand.of(row) if row else None

    @public
    @strawberry.field
    async def category(self, info: Info, code: str) -> Category | None:
        row = await brands_and_categories.category(info.context, code)
        return Category.of(row) if row else None

    @sized_by("first", otherwise=250)
    @public
    @strawberry.field
    async def categories(
        self,
        info: Info,
        parent_code: str | None = None,
        first: SliceSize = 250,
        after_code: AfterCode = None,
    ) -> list[Category]:
        """The first categories right below one, or the topmost, by position and code."""
        rows = await brands_and_categories.categories(info.context, parent_code, first, after_code)
        return [Category.of(row) for row in rows]
