"""Rows of one product that follow each other, made into one."""

from __future__ import annotations

from dataclasses import fields, replace

from resolvers.bulk_rows import KEEP
from resolvers.catalog.products.checking import MAXIMUM
from resolvers.catalog.products.drafts import ProductDraft


def joined(first: ProductDraft, then: ProductDraft) -> ProductDraft | None:
    """The first row with what the second gives besides; None where they cannot be one row."""
    skus = {variant.sku for variant in first.variants}
    variants = [*first.variants, *then.variants]
    apart = (
        len(variants) > MAXIMUM["variants"]
        or any(variant.sku in skus for variant in then.variants)
        or then.brand_code not in (KEEP, first.brand_code)
        or then.category_code not in (KEEP, first.category_code)
    )
    if apart:
        return None
    said = {
        each.name: value
        for each in fields(then)
        if (value := getattr(then, each.name)) is not each.default
    }
    return replace(first, **{**said, "variants": variants})
