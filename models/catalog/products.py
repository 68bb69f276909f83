"""Tables of products, variants, their barcodes and tags."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.tables.fields import Row, choice, minor, never_negative, reference


class ProductStatus(StrEnum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"


class Product(Row):
    """A product page; its variants are what is sold.

    `options` is `[{"name", "values"}]`, `media` `[{"url", "alt", "kind"}]`, `attributes` `[{"key",
    "value"}]`. `related_codes` names other products, which need not exist yet. `search_text` is the text
    that searches match: name, brand and pinyin in normal form, one line each. The price range repeats the
    variants' prices for sorting.
    """

    merchant = reference("Organisation")
    code = fields.CharField(max_length=64)
    slug = fields.CharField(max_length=160)
    name = fields.CharField(max_length=200)
    description = fields.TextField(default="")
    status = choice(ProductStatus, default=ProductStatus.ACTIVE)
    brand = reference("Brand", null=True)
    category = reference("Category", null=True)
    options = fields.JSONField[list[dict[str, Any]]](default=list)
    media = fields.JSONField[list[dict[str, Any]]](default=list)
    tags = fields.JSONField[list[str]](default=list)
    attributes = fields.JSONField[list[dict[str, str]]](null=True)
    related_codes = fields.JSONField[list[str]](null=True)
    search_text = fields.TextField(default="")
    lowest_price_minor = minor(default=0)
    highest_price_minor = minor(default=0)
    units_sold = fields.BigIntField(default=0)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    brand_id: int | None
    category_id: int | None

    class Meta:
        table = "product"
        unique_together = (("merchant_id", "code"), ("merchant_id", "slug"))
        indexes = (
            ("merchant_id", "status", "id"),
            ("merchant_id", "status", "brand_id", "id"),
            ("merchant_id", "status", "category_id", "id"),
            ("merchant_id", "name", "id"),
            ("merchant_id", "lowest_price_minor", "id"),
            ("merchant_id", "units_sold", "id"),
        )


class Variant(Row):
    """One SKU, the unit that is sold. `selected_options` is `[{"name", "value"}]`.

    `media` has the same shape as a product's. With `tracks_serials` each unit on hand has a serial number;
    the flag can change only while no unit is on hand.
    """

    merchant = reference("Organisation")
    product = reference("Product")
    sku = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200, default="")
    selected_options = fields.JSONField[list[dict[str, str]]](default=list)
    price_minor = minor()
    compare_at_minor = minor(null=True)
    media = fields.JSONField[list[dict[str, Any]]](null=True)
    position = fields.IntField(default=0)
    tracks_serials = fields.BooleanField(default=False, db_default=False)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    product_id: int

    class Meta:
        table = "variant"
        unique_together = (("merchant_id", "sku"),)
        constraints = never_negative("variant", "price_minor", "compare_at_minor")


class VariantGtin(Row):
    """A barcode of a variant: `gtin` as printed, `gtin_key` in 14 digits for lookups."""

    merchant = reference("Organisation")
    variant = reference("Variant")
    gtin = fields.CharField(max_length=14)
    gtin_key = fields.CharField(max_length=14)

    variant_id: int

    class Meta:
        table = "variant_gtin"
        unique_together = (("merchant_id", "gtin_key"),)


class ProductTag(Row):
    product = reference("Product")
    tag = fields.CharField(max_length=64)

    class Meta:
        table = "product_tag"
        unique_together = (("tag", "product_id"),)
