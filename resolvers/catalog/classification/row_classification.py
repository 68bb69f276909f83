"""Brands and categories that rows of products name: made, named and placed on the fly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.catalog.classification import Brand, Category
from models.catalog.products import Product
from models.tables.bulk import assign
from resolvers.catalog.products.existing_rows import ProductRow, Stored
from resolvers.catalog.search.indexing import reindex


async def ensure_brands(merchant_id: int, rows: Sequence[ProductRow], stored: Stored) -> set[str]:
    """Make and rename brands; answers the codes of those that are not as they were."""
    touched: dict[str, Brand] = {}
    names = {brand.id: brand.name for brand in stored.brands.values()}
    for row in rows:
        code = row.checked.brand_code
        if not isinstance(code, str):
            continue
        brand = stored.brands.get(code)
        if brand is None:
            brand = Brand(merchant_id=merchant_id, code=code, name=code)
            touched[code] = stored.brands[code] = brand
        said = {
            "name": row.checked.brand_name or None,
            "logo": row.checked.brand_logo,
            "story": row.checked.brand_story or None,
        }
        if assign(brand, **{name: value for name, value in said.items() if value is not None}):
            touched[code] = brand
    await save_brands(list(touched.values()), names)
    return set(touched)


async def save_brands(brands: Sequence[Brand], names: Mapping[int, str]) -> None:
    """Write brands; products are found by the new name of one that had another, as `names` says by ID."""
    for brand in brands:
        if brand.pk is None:
            await brand.save(force_create=True)
            continue
        await brand.save(update_fields=["name", "logo", "story"])
        if brand.name != names[brand.pk]:
            await reindex(await Product.filter(brand_id=brand.id), brand.name)


async def ensure_categories(
    merchant_id: int, rows: Sequence[ProductRow], stored: Stored
) -> set[str]:
    """Make, rename and place categories; answers the codes of those that are not as they were."""
    touched: set[str] = set()
    for row in rows:
        code = row.checked.category_code
        if not isinstance(code, str):
            continue
        category = stored.categories.get(code)
        if category is None:
            category = Category(merchant_id=merchant_id, code=code, name=code)
            stored.categories[code] = category
        said: dict[str, Any] = {
            "name": row.checked.category_name or None,
            "image": row.checked.category_image,
            "position": row.checked.category_position,
        }
        if row.checked.category_parent_code:
            said["parent_id"] = await _parent(merchant_id, row.checked.category_parent_code, stored)
        given = {name: value for name, value in said.items() if value is not None}
        if assign(category, **given) or category.pk is None:
            await _save(category)
            touched.add(code)
    return touched


async def _parent(merchant_id: int, code: str, stored: Stored) -> int:
    if code not in stored.categories:
        stored.categories[code] = await Category.create(
            merchant_id=merchant_id, code=code, name=code
        )
    parent = stored.categories[code]
    if parent.pk is None:
        await _save(parent)
    return parent.id


async def _save(category: Category) -> None:
    if category.pk is None:
        await category.save(force_create=True)
    else:
        await category.save(update_fields=["name", "parent_id", "image", "position"])
