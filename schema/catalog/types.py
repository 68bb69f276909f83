from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models import bounds
from models.bounds import all_of
from models.catalog.products import ProductStatus
from models.catalog.rows import ProductRow, VariantRow
from models.tables.columns import moment, parsed
from resolvers.accounts.organisations import organisations
from resolvers.catalog.assortments import assortments
from resolvers.catalog.prices import history as price_history
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices import prices
from resolvers.catalog.products import products, variants
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.slices import Slice
from resolvers.validation import INT32_MAX
from schema.accounts.types import Channel, Organisation
from schema.batching import batched
from schema.catalog.classification import Brand, Category
from schema.catalog.price_types import PriceChange, VariantPrice
from schema.catalog.product_parts import Media, PriceRange, ProductOption, SelectedOption
from schema.catalog.variant_stock import StockedVariant
from schema.columns import column, derived, identity
from schema.cost.directives import list_size, sized_by
from schema.key_values import KeyValue
from schema.list_arguments import Skip, SliceSize
from schema.money import Money
from schema.nodes.nodes import Node, optional_row_id, row_id
from schema.operations.cacheable_fields import public
from schema.pagination import TalliedConnection

strawberry.enum(ProductStatus)


@strawberry.type(description="What is shown; its variants are what is sold.")
class Product(Node):
    row: strawberry.Private[ProductRow]
    id: strawberry.ID = identity("Product")
    code: str = column("code")
    slug: str = column("slug")
    name: str = column("name")
    description: str = column("description")

    @derived
    def status(self) -> ProductStatus:
        return ProductStatus(self.row.status)

    @list_size(bounds.PRODUCT_OPTIONS)
    @derived
    def options(self) -> list[ProductOption]:
        return [ProductOption(**each) for each in parsed(self.row.options)]

    @list_size(bounds.PRODUCT_MEDIA)
    @derived
    def media(self) -> list[Media]:
        return Media.all_of(self.row.media)

    @list_size(bounds.PRODUCT_TAGS)
    @derived
    def tags(self) -> list[str]:
        return list(parsed(self.row.tags))

    @list_size(bounds.PRODUCT_ATTRIBUTES)
    @derived
    def attributes(self) -> list[KeyValue]:
        """What else is said of it, such as its origin, in the order that it was given."""
        return [KeyValue(**each) for each in parsed(self.row.attributes) or ()]

    @derived
    def sold_count(self) -> int:
        """How many pieces were paid for since ever; those that came back are not taken off."""
        return min(self.row.units_sold, INT32_MAX)

    @derived
    def created_at(self) -> datetime:
        return moment(self.row.created_at)

    @derived
    def updated_at(self) -> datetime:
        return moment(self.row.updated_at)

    @public
    @batched
    @staticmethod
    async def brand(parents: list[Product], ctx: Context) -> list[Brand | None]:
        return await Brand.load(ctx, [each.row.brand_id or 0 for each in parents])

    @public
    @batched
    @staticmethod
    async def category(parents: list[Product], ctx: Context) -> list[Category | None]:
        return await Category.load(ctx, [each.row.category_id or 0 for each in parents])

    @batched
    @staticmethod
    async def organisation(parents: list[Product], ctx: Context) -> list[Organisation]:
        found = await organisations.by_ids(ctx, [each.row.merchant_id for each in parents])
        return [Organisation.of(found[each.row.merchant_id]) for each in parents]

    @public
    @batched
    @staticmethod
    async def price_range(parents: list[Product], ctx: Context) -> list[PriceRange]:
        """What its variants cost this viewer."""
        found = await prices.ranges(ctx, prices.viewer_of(ctx), [each.row.id for each in parents])
        listed = [(each.row.lowest_price_minor, each.row.highest_price_minor) for each in parents]
        return [
            PriceRange.of(*found.get(each.row.id, own))
            for each, own in zip(parents, listed, strict=True)
        ]

    @list_size(all_of(Channel))
    @public
    @batched
    @staticmethod
    async def channels(parents: list[Product], ctx: Context) -> list[list[Channel]]:
        """The channels that list it."""
        found = await products.channels_of(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @list_size(bounds.PRODUCT_RELATED)
    @public
    @batched
    @staticmethod
    async def related(parents: list[Product], ctx: Context) -> list[list[Product]]:
        """What is shown beside it, at most 20, in the order given; only what is on sale for this viewer."""
        found = await products.related_to(ctx, [each.row for each in parents])
        return [[Product.of(row) for row in found[each.row.id]] for each in parents]

    @public
    @batched
    @staticmethod
    async def variant_count(parents: list[Product], ctx: Context) -> list[int]:
        """How many variants it has, however many `variants` shows."""
        found = await products.variant_counts(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @sized_by("first", otherwise=20)
    @public
    @batched
    @staticmethod
    async def variants(
        parents: list[Product], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[Variant]]:
        """Its variants in their own order, 20 unless told; a product has at most 1,000."""
        ids = [each.row.id for each in parents]
        found = await variants.of_products(ctx, ids, Slice(first, skip))
        return [[Variant.of(row) for row in found[each.row.id]] for each in parents]

    @classmethod
    def of(cls, row: ProductRow) -> Product:
        return cls(row=row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Product | None]:
        found = await products.visible_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(description="What is sold: one SKU.")
class Variant(StockedVariant, Node):
    row: strawberry.Private[VariantRow]
    id: strawberry.ID = identity("Variant")
    sku: str = column("sku")
    name: str = column("name")

    @list_size(bounds.VARIANT_MEDIA)
    @derived
    def media(self) -> list[Media]:
        """Its own pictures and films; without any, those of the product show it."""
        return Media.all_of(self.row.media)

    @list_size(bounds.PRODUCT_OPTIONS)
    @derived
    def selected_options(self) -> list[SelectedOption]:
        return [SelectedOption(**each) for each in parsed(self.row.selected_options)]

    @derived
    def compare_at_price(self) -> Money | None:
        """What it cost before, or the price recommended, shown struck through; null without one."""
        return Money.optional(self.row.compare_at_minor)

    @derived
    def tracks_serials(self) -> bool:
        """Whether each piece has a serial number, scanned in at receipt and out at sale."""
        return bool(self.row.tracks_serials)

    @public
    @batched
    @staticmethod
    async def product(parents: list[Variant], ctx: Context) -> list[Product]:
        found = await products.by_ids(ctx, [each.row.product_id for each in parents])
        return [Product.of(found[each.row.product_id]) for each in parents]

    @list_size(bounds.VARIANT_GTINS)
    @public
    @batched
    @staticmethod
    async def gtins(parents: list[Variant], ctx: Context) -> list[list[str]]:
        """Barcodes as they were given."""
        found = await variants.gtins_of(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @public
    @batched
    @staticmethod
    async def price(
        parents: list[Variant], ctx: Context, *, store_id: strawberry.ID | None = None
    ) -> list[Money]:
        """The price for this viewer: of the store, else the channel, else the tier, else the list price.

        The store is the one that the request comes from, or `storeId`.
        """
        viewer = prices.viewer_of(ctx, optional_row_id(store_id, "Store", path=("storeId",)))
        list_minor = {each.row.id: each.row.price_minor for each in parents}
        found = await prices.resolve(ctx, viewer, list_minor)
        return [Money.of(found[each.row.id]) for each in parents]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def prices(
        parents: list[Variant], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[VariantPrice]]:
        """What it costs by each price list, over and to come too; empty for the public."""
        wanted = [(each.row.id, each.row.merchant_id) for each in parents]
        found = await price_lists.prices_of(ctx, wanted, Slice(first, skip))
        return [[VariantPrice.of(row) for row in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def price_history(
        parents: list[Variant],
        ctx: Context,
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> list[TalliedConnection[PriceChange]]:
        """Each price that came, changed or went, the latest first; empty for the public."""
        wanted = [(each.row.id, each.row.merchant_id) for each in parents]
        request = PageRequest(first=first, after=after, last=last, before=before)
        found = await price_history.of_variants(ctx, wanted, request)
        tally = price_history.tally(ctx, wanted)
        return [
            TalliedConnection.of(found[each.row.id], PriceChange.of, tally, each.row.id)
            for each in parents
        ]

    @batched
    @staticmethod
    async def carried_at(
        parents: list[Variant], ctx: Context, *, location_id: strawberry.ID
    ) -> list[bool]:
        """Whether a store or warehouse carries it."""
        place = row_id(location_id, "Store", "Warehouse", path=("locationId",))
        found = await assortments.carried(ctx, [each.row.id for each in parents], [place])
        return [(each.row.id, place) in found for each in parents]

    @classmethod
    def of(cls, row: VariantRow) -> Variant:
        return cls(row=row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Variant | None]:
        found = await variants.visible_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
