from __future__ import annotations

import strawberry

from models import bounds
from models.bounds import Vocabulary
from resolvers.catalog.search import facets, listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.context import Context
from schema.batching import batched
from schema.catalog.classification import Brand, Category
from schema.cost.directives import list_size, sized_list
from schema.money import Money
from schema.operations.cacheable_fields import public
from schema.operations.documents.value_counts import ValueCount


@strawberry.type
class BrandCount:
    brand: Brand
    count: int


@strawberry.type(description="A category with all below it.")
class CategoryCount:
    category: Category
    count: int


@strawberry.type
class OptionCount:
    name: str
    values: list[ValueCount] = sized_list(bounds.FACET_VALUES)


@strawberry.type(
    description="Products with a variant whose list price lies in the band, ends included."
)
class PriceBandCount:
    price_from: Money
    price_to: Money | None
    count: int


@strawberry.type(
    description="What a list could be cut to further. Each facet ignores what was selected of it."
)
class ProductFacets:
    query: strawberry.Private[ProductQuery]

    @public
    @batched
    @staticmethod
    async def total_count(parents: list[ProductFacets], ctx: Context) -> list[int]:
        return [await listing.count(ctx, each.query) for each in parents]

    @list_size(bounds.FACET_VALUES)
    @public
    @batched
    @staticmethod
    async def brands(parents: list[ProductFacets], ctx: Context) -> list[list[BrandCount]]:
        """The fifty brands with the most products."""
        return [
            [BrandCount(brand=Brand.of(row), count=count) for row, count in found]
            for found in [await facets.brands(ctx, each.query) for each in parents]
        ]

    @list_size(bounds.FACET_VALUES)
    @public
    @batched
    @staticmethod
    async def categories(parents: list[ProductFacets], ctx: Context) -> list[list[CategoryCount]]:
        """The fifty categories with the most products."""
        return [
            [CategoryCount(category=Category.of(row), count=count) for row, count in found]
            for found in [await facets.categories(ctx, each.query) for each in parents]
        ]

    @list_size(bounds.FACET_VALUES)
    @public
    @batched
    @staticmethod
    async def tags(parents: list[ProductFacets], ctx: Context) -> list[list[ValueCount]]:
        return [_values(await facets.tags(ctx, each.query)) for each in parents]

    @list_size(bounds.FACET_OPTIONS)
    @public
    @batched
    @staticmethod
    async def options(parents: list[ProductFacets], ctx: Context) -> list[list[OptionCount]]:
        """What variants differ in, such as size, and the values that they have."""
        return [
            [OptionCount(name=name, values=_values(values)) for name, values in found]
            for found in [await facets.options(ctx, each.query) for each in parents]
        ]

    @list_size(Vocabulary(len(facets.BANDS)))
    @public
    @batched
    @staticmethod
    async def price_bands(parents: list[ProductFacets], ctx: Context) -> list[list[PriceBandCount]]:
        return [
            [
                PriceBandCount(
                    price_from=Money.of(band.from_minor),
                    price_to=Money.optional(band.to_minor),
                    count=band.count,
                )
                for band in found
            ]
            for found in [await facets.price_bands(ctx, each.query) for each in parents]
        ]

    @batched
    @staticmethod
    async def in_stock(parents: list[ProductFacets], ctx: Context) -> list[int]:
        """How many may be bought now."""
        return [await facets.in_stock(ctx, each.query) for each in parents]


def _values(found: list[tuple[str, int]]) -> list[ValueCount]:
    return [ValueCount(value=value, count=count) for value, count in found]
