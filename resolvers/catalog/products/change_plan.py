"""What a sound row makes of what is stored: which rows are new, which differ, which stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.accounts.channels import Channel
from models.catalog.products import Product, Variant
from models.catalog.search import SearchTexts, search_texts
from models.tables.bulk import assign
from resolvers.bulk_rows import KEEP
from resolvers.catalog.products.checking import CheckedProduct, CheckedVariant
from resolvers.catalog.products.existing_rows import ProductRow, Stored
from resolvers.catalog.products.options import Options, derived, in_order

PRODUCT_COLUMNS = (
    "slug", "name", "description", "status", "brand_id", "category_id", "options", "media", "tags",
    "attributes", "related_codes",
    "search_text", "lowest_price_minor", "highest_price_minor", "updated_at",
)  # fmt: skip
VARIANT_COLUMNS = (
    "name", "selected_options", "price_minor", "compare_at_minor", "tracks_serials", "media",
    "updated_at",
)  # fmt: skip


@dataclass(slots=True)
class VariantPlan:
    """`gtins` is what barcodes it is to have, by key; None where they stay."""

    variant: Variant
    is_new: bool
    changed: bool
    gtins: dict[str, str] | None
    old_price_minor: int | None


@dataclass(slots=True)
class ProductPlan:
    """`texts` are to be indexed, `excluded` are the channels not to list it; None where they stay."""

    product: Product
    variants: list[VariantPlan]
    is_new: bool
    changed: bool
    texts: SearchTexts | None
    retagged: bool
    excluded: frozenset[Channel] | None

    @property
    def differs(self) -> bool:
        return (
            self.changed
            or self.excluded is not None
            or any(each.is_new or each.changed or each.gtins is not None for each in self.variants)
        )


def plan(merchant_id: int, row: ProductRow, stored: Stored, slug: str | None) -> ProductPlan:
    """The row applied to the stored product, or to a new one; its brand and category are there."""
    checked = row.checked
    product = stored.products.get(checked.code)
    is_new = product is None
    product = product or Product(merchant_id=merchant_id, code=checked.code)
    old_text, old_tags, old_status = product.search_text, product.tags, product.status
    options = _options(checked, product, stored)
    others = stored.variants_of(checked.code)
    positions = iter(range(len(others), len(others) + len(checked.variants)))
    variants = [
        _plan_variant(
            stored.by_sku.get(each.sku)
            or Variant(merchant_id=merchant_id, sku=each.sku, position=next(positions)),
            each,
            stored,
            options,
        )
        for each in checked.variants
    ]
    values = _values(checked, product, stored, slug)
    brand_name = _brand_name(values.get("brand_id", product.brand_id), stored)
    texts = search_texts(checked.name, brand_name)
    prices = [each.price_minor for each in (*others, *(each.variant for each in variants))]
    changed = assign(
        product,
        **values,
        search_text=str(texts),
        options=options,
        lowest_price_minor=min(prices),
        highest_price_minor=max(prices),
    )
    return ProductPlan(
        product=product,
        variants=variants,
        is_new=is_new,
        changed=changed,
        texts=texts if product.search_text != old_text or product.status != old_status else None,
        retagged=product.tags != old_tags,
        excluded=_excluded(checked, product, stored),
    )


def _excluded(
    checked: CheckedProduct, product: Product, stored: Stored
) -> frozenset[Channel] | None:
    """The channels that are not to list it, where they are not those already."""
    kept = frozenset(stored.excluded.get(product.pk or 0, ()))
    return None if checked.excluded == kept else checked.excluded


def _values(
    checked: CheckedProduct, product: Product, stored: Stored, slug: str | None
) -> dict[str, Any]:
    given = {
        "slug": slug,
        "description": checked.description,
        "status": checked.status,
        "media": checked.media,
        "tags": checked.tags,
        "attributes": _unlike(checked.attributes, product.attributes),
        "related_codes": _unlike(checked.related_codes, product.related_codes),
    }
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if checked.brand_code is not KEEP:
        brand = stored.brands.get(checked.brand_code or "")
        values["brand_id"] = brand.id if brand else None
    if checked.category_code is not KEEP:
        category = stored.categories.get(checked.category_code or "")
        values["category_id"] = category.id if category else None
    return {**values, "name": checked.name}


def _unlike(given: list[Any] | None, kept: list[Any] | None) -> list[Any] | None:
    """The list that is given, where it is not the one that is kept: none at all is an empty one."""
    return None if given == (kept or []) else given


def _options(checked: CheckedProduct, product: Product, stored: Stored) -> Options:
    if checked.options is not None:
        return checked.options
    selections = {each.sku: each.selected_options for each in stored.variants_of(checked.code)}
    for variant in checked.variants:
        if variant.selected is not None:
            selections[variant.sku] = variant.selected
    return derived(product.options, list(selections.values()))


def _plan_variant(
    variant: Variant, checked: CheckedVariant, stored: Stored, options: Options
) -> VariantPlan:
    is_new = variant.pk is None
    selected = variant.selected_options if checked.selected is None else checked.selected
    values: dict[str, Any] = {
        "price_minor": checked.price_minor,
        "selected_options": in_order(options, selected),
    }
    if isinstance(checked.name, str):
        values["name"] = checked.name
    elif checked.name is None and not is_new:
        values["name"] = ""
    elif is_new:
        values["name"] = " / ".join(each["value"] for each in values["selected_options"])
    if checked.compare_at_minor is not KEEP:
        values["compare_at_minor"] = checked.compare_at_minor
    if checked.tracks_serials is not None:
        values["tracks_serials"] = checked.tracks_serials
    if (media := _unlike(checked.media, variant.media)) is not None:
        values["media"] = media
    gtins = None if checked.gtins is None else dict(checked.gtins)
    if gtins == stored.gtins.get(variant.pk or 0, {}):
        gtins = None
    old_price_minor = None if is_new else variant.price_minor
    return VariantPlan(variant, is_new, assign(variant, **values), gtins, old_price_minor)


def _brand_name(brand_id: int | None, stored: Stored) -> str:
    return next((each.name for each in stored.brands.values() if each.id == brand_id), "")
