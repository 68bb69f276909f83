"""What the database already has of a batch of products, read in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tortoise.models import Model

from models.accounts.channels import Channel
from models.catalog.assortments import ChannelExclusion
from models.catalog.classification import Brand, Category
from models.catalog.products import Product, Variant, VariantGtin
from models.tables.bulk import chunks
from resolvers.bulk_rows import Faults
from resolvers.catalog.products.checking import CheckedProduct

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One row of the batch; sound until something is found wrong with it."""

    index: int
    checked: CheckedProduct
    faults: Faults

    @property
    def gtins(self) -> list[tuple[str, str, str]]:
        """(SKU, key, barcode) of every barcode in the row."""
        return [
            (variant.sku, key, printed)
            for variant in self.checked.variants
            for key, printed in variant.gtins or ()
        ]


@dataclass(slots=True)
class Stored:
    """Products and classification by code, variants by product and SKU, barcodes by variant and key.

    `excluded` has the channels that do not list a product.
    """

    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[int, list[Variant]] = field(default_factory=dict)
    by_sku: dict[str, Variant] = field(default_factory=dict)
    gtins: dict[int, dict[str, str]] = field(default_factory=dict)
    excluded: dict[int, set[Channel]] = field(default_factory=dict)
    brands: dict[str, Brand] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)

    def variants_of(self, code: str) -> list[Variant]:
        product = self.products.get(code)
        return self.variants.get(product.id, []) if product else []


async def read_stored(merchant_id: int, rows: Sequence[ProductRow]) -> Stored:
    checked = [row.checked for row in rows]
    found = Stored()
    for product in await _all(Product, merchant_id, "code", (each.code for each in checked)):
        found.products[product.code] = product
    await _read_variants(merchant_id, rows, found)
    kept = (product.brand_id for product in found.products.values())
    brands = await _all(Brand, merchant_id, "code", (each.brand_code for each in checked))
    brands += await _all(Brand, merchant_id, "id", kept)
    found.brands = {row.code: row for row in brands}
    found.categories = await _categories(merchant_id, checked)
    ids = [product.id for product in found.products.values()]
    for row in [
        e for part in chunks(ids) for e in await ChannelExclusion.filter(product_id__in=part)
    ]:
        found.excluded.setdefault(row.product_id, set()).add(row.channel)
    return found


async def _read_variants(merchant_id: int, rows: Sequence[ProductRow], found: Stored) -> None:
    """Those of the products, those with a SKU of the batch, and the barcodes of both."""
    skus = (variant.sku for row in rows for variant in row.checked.variants)
    ids = [product.id for product in found.products.values()]
    own = await _all(Variant, merchant_id, "product_id", ids)
    for variant in sorted(own, key=lambda each: (each.position, each.id)):
        found.variants.setdefault(variant.product_id, []).append(variant)
    others = await _all(Variant, merchant_id, "sku", skus)
    # The same row must be one object: what is changed in one place is seen in the other.
    known = {variant.sku: variant for variant in own}
    found.by_sku = {variant.sku: variant for variant in others} | known
    keys = {key for row in rows for _, key, _ in row.gtins}
    by_key = await _all(VariantGtin, merchant_id, "gtin_key", keys)
    by_variant = await _all(VariantGtin, merchant_id, "variant_id", [each.id for each in own])
    for gtin in (*by_key, *by_variant):
        found.gtins.setdefault(gtin.variant_id, {})[gtin.gtin_key] = gtin.gtin


async def _categories(merchant_id: int, checked: Sequence[CheckedProduct]) -> dict[str, Category]:
    """Those that the batch names; all of them where it places any, so that a circle is seen."""
    if any(each.category_parent_code for each in checked):
        rows = await Category.filter(merchant_id=merchant_id)
    else:
        codes = (each.category_code for each in checked)
        rows = await _all(Category, merchant_id, "code", codes)
    return {row.code: row for row in rows}


async def _all(kind: type[M], merchant_id: int, column: str, values: Iterable[Any]) -> list[M]:
    wanted = sorted({value for value in values if isinstance(value, str | int)})
    return [
        row
        for part in chunks(wanted)
        for row in await kind.filter(merchant_id=merchant_id, **{f"{column}__in": part})
    ]
