from __future__ import annotations

from decimal import Decimal

import strawberry

from models.accounts.channels import Channel
from models.catalog.products import MediaKind, ProductStatus
from resolvers.bulk_rows import OnError, Unset
from resolvers.catalog.media import MediaDraft
from resolvers.catalog.products.drafts import (
    OptionDraft,
    ProductDraft,
    SelectedOptionDraft,
    VariantDraft,
)
from resolvers.catalog.search.filters import ProductQuery
from schema.batches import kept_if_unset
from schema.cost.directives import Cost
from schema.key_values import KeyValueInput
from schema.nodes.nodes import optional_row_id, row_id
from schema.nulls import emptied_by_null, never_null, none_if_unset, text_emptied_by_null


@strawberry.input(description="All that is given must hold.")
class ProductFilter:
    search: str | None = strawberry.field(
        default=None, description="Parts of the name or brand, a SKU, a code or a whole barcode."
    )
    category_code: str | None = strawberry.field(
        default=None, description="In this category or any below it."
    )
    brand_code: str | None = None
    tags: list[str] | None = strawberry.field(default=None, description="Has all of them.")
    options: list[SelectedOptionInput] | None = strawberry.field(
        default=None, description="Has a variant that selects all of them."
    )
    status: ProductStatus | None = strawberry.field(
        default=None, description="Only ACTIVE finds anything for who may not read drafts."
    )
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    in_stock_only: bool | None = None
    sold_at_store_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store keeps it; with inStockOnly, it has it in stock."
    )
    carried_at_id: strawberry.ID | None = strawberry.field(
        default=None, description="In the assortment of this store or warehouse, in stock or not."
    )
    channel: Channel | None = strawberry.field(
        default=None,
        description="Listed in it; who may not read drafts sees of that what their own channel lists.",
    )

    def query(self) -> ProductQuery:
        return ProductQuery(
            search=self.search,
            category_code=self.category_code,
            brand_code=self.brand_code,
            tags=tuple(dict.fromkeys(self.tags or ())),
            options=tuple((each.name, each.value) for each in self.options or ()),
            status=self.status,
            price_from=self.price_from,
            price_to=self.price_to,
            in_stock_only=bool(self.in_stock_only),
            sold_at_store_id=optional_row_id(
                self.sold_at_store_id, "Store", "Warehouse", path=("filter", "soldAtStoreId")
            ),
            carried_at_id=optional_row_id(
                self.carried_at_id, "Store", "Warehouse", path=("filter", "carriedAtId")
            ),
            channel=self.channel,
        )


@strawberry.input
class VariantQuantityInput:
    variant_id: strawberry.ID
    quantity: int

    def variant_row(self, *path: str | int) -> int:
        """The variant's row ID. Raises: InvalidInput naming `variantId` below `path`."""
        return row_id(self.variant_id, "Variant", path=(*path, "variantId"))


@strawberry.input
class ProductOptionInput:
    name: str
    values: list[str]


@strawberry.input
class SelectedOptionInput:
    name: str
    value: str


@strawberry.input
class MediaInput:
    url: str
    alt: str | None = None
    kind: MediaKind | None = None

    def draft(self) -> MediaDraft:
        return MediaDraft(self.url, self.alt, self.kind)


def draft_unless_unset(medium: MediaInput | None) -> MediaDraft | Unset | None:
    given = kept_if_unset(medium)
    return given.draft() if isinstance(given, MediaInput) else given


def drafts_of(media: list[MediaInput] | None) -> list[MediaDraft] | None:
    """The media that a field was given: null is none; None where it was left out."""
    given = emptied_by_null(media)
    return None if given is None else [each.draft() for each in given]


@strawberry.input(
    description="A variant by its SKU. What is left out stays as it is; null empties it."
)
class VariantUpsertRow:
    sku: str
    price: Decimal
    name: str | None = strawberry.UNSET
    gtins: list[str] | None = strawberry.UNSET
    compare_at_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Null takes it away."
    )
    options: list[SelectedOptionInput] | None = strawberry.UNSET
    tracks_serials: bool | None = never_null(
        description="Each piece has a serial number; changes only while none is on hand or on its way.",
    )
    media: list[MediaInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Its own pictures and films, at most 20; they replace those before.",
    )

    def draft(self) -> VariantDraft:
        options = emptied_by_null(self.options)
        return VariantDraft(
            sku=self.sku,
            price=self.price,
            name=kept_if_unset(self.name),
            gtins=emptied_by_null(self.gtins),
            compare_at_price=kept_if_unset(self.compare_at_price),
            options=None
            if options is None
            else [SelectedOptionDraft(each.name, each.value) for each in options],
            tracks_serials=none_if_unset(self.tracks_serials),
            media=drafts_of(self.media),
        )


@strawberry.input(
    description="A product by its code. What is left out stays, other variants too; null empties a field."
)
class ProductUpsertRow:
    code: str
    name: str
    variants: list[VariantUpsertRow]
    slug: str | None = never_null(description="Made from name and code unless given.")
    description: str | None = strawberry.UNSET
    brand_code: str | None = strawberry.field(
        default=strawberry.UNSET, description="A new one makes the brand; null takes it away."
    )
    brand_name: str | None = never_null()
    brand_logo: MediaInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The picture that the brand is known by; null takes it away.",
    )
    brand_story: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What customers read about the brand; null takes it away.",
    )
    category_code: str | None = strawberry.field(
        default=strawberry.UNSET, description="A new one makes the category; null takes it away."
    )
    category_name: str | None = never_null()
    category_parent_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Puts the category below this one; null puts it at the top.",
    )
    category_image: MediaInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The picture that the category is shown with; null takes it away.",
    )
    category_position: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where the category stands among its siblings, the lowest first; null is 0.",
    )
    status: ProductStatus | None = never_null()
    tags: list[str] | None = strawberry.UNSET
    options: list[ProductOptionInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Without them, what the variants select is added; null is none at all.",
    )
    media: list[MediaInput] | None = strawberry.UNSET
    attributes: list[KeyValueInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What else is said of it, at most 50, no key twice; they replace those before.",
    )
    related_codes: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Codes of at most 20 products that are shown beside it, whether these are there yet"
        " or not; they replace those before.",
    )
    channels: list[Channel] | None = strawberry.field(
        default=strawberry.UNSET, description="The channels that list it; null for all."
    )

    def draft(self) -> ProductDraft:
        options, attributes = emptied_by_null(self.options), emptied_by_null(self.attributes)
        return ProductDraft(
            code=self.code,
            name=self.name,
            variants=[each.draft() for each in self.variants],
            slug=none_if_unset(self.slug),
            description=text_emptied_by_null(self.description),
            brand_code=kept_if_unset(self.brand_code),
            brand_name=none_if_unset(self.brand_name),
            brand_logo=draft_unless_unset(self.brand_logo),
            brand_story=kept_if_unset(self.brand_story),
            category_code=kept_if_unset(self.category_code),
            category_name=none_if_unset(self.category_name),
            category_parent_code=kept_if_unset(self.category_parent_code),
            category_image=draft_unless_unset(self.category_image),
            category_position=kept_if_unset(self.category_position),
            status=none_if_unset(self.status),
            tags=emptied_by_null(self.tags),
            options=None
            if options is None
            else [OptionDraft(each.name, each.values) for each in options],
            channels=kept_if_unset(self.channels),
            media=drafts_of(self.media),
            attributes=None
            if attributes is None
            else [(each.key, each.value) for each in attributes],
            related_codes=emptied_by_null(self.related_codes),
        )


@strawberry.input
class CatalogUpsertInput:
    products: list[ProductUpsertRow] = strawberry.field(directives=[Cost(weight="600")])
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
