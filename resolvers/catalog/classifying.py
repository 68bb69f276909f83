"""Brands and categories that rows of products name: made, named and placed on the fly."""

from __future__ import annotations

from collections.abc import Sequence

from models.catalog.classification import Brand, Category
from models.catalog.products import Product
from resolvers.catalog.indexing import reindex
from resolvers.catalog.stored import ProductRow, Stored


async def ensure_brands(merchant_id: int, rows: Sequence[ProductRow], stored: Stored) -> set[str]:
    """Make and rename brands; answers the codes of those that are not as they were."""
    touched: dict[str, Brand] = {}
    for row in rows:
        code, name = row.checked.brand_code, row.checked.brand_name
        if not isinstance(code, str):
            continue
        brand = stored.brands.get(code)
        if brand is None:
            brand = Brand(merchant_id=merchant_id, code=code, name=name or code)
            touched[code] = stored.brands[code] = brand
        elif name and brand.name != name:
            brand.name = name
            touched[code] = brand
    for brand in touched.values():
        if brand.pk is None:
            await brand.save(force_create=True)
        else:
            await brand.save(update_fields=["name"])
            await reindex(await Product.filter(brand_id=brand.id), brand.name)
    return set(touched)


async def ensure_categories(
    merchant_id: int, rows: Sequence[ProductRow], stored: Stored
) -> set[str]:
    """Make, rename and place categories; answers the codes of those that are not as they were."""
    touched: set[str] = set()
    for row in rows:
        code, name = row.checked.category_code, row.checked.category_name
        if not isinstance(code, str):
            continue
        category = stored.categories.get(code)
        if category is None:
            category = Category(merchant_id=merchant_id, code=code, name=name or code)
            stored.categories[code] = category
        parent_id = category.parent_id
        if row.checked.category_parent_code:
            parent_id = await _parent(merchant_id, row.checked.category_parent_code, stored)
        if category.pk is None or (name or category.name, parent_id) != (
            category.name,
            category.parent_id,
        ):
            category.name, category.parent_id = name or category.name, parent_id
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
        await category.save(update_fields=["name", "parent_id"])
