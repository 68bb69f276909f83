"""Brands and categories that rows of products name: made, named and placed on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.catalog.classification import Brand, Category
from models.errors import InvalidInput
from models.tables.bulk import assign
from resolvers.bulk_rows import KEEP, Unset
from resolvers.catalog.classification.brands import save_brands
from resolvers.catalog.classification.category_tree import stands_below
from resolvers.catalog.products.existing_rows import ProductRow, Stored


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
            "name": row.checked.brand_name or KEEP,
            "logo": row.checked.brand_logo,
            "story": row.checked.brand_story or None,
        }
        if assign(brand, **_given(said)):
            touched[code] = brand
    await save_brands(list(touched.values()), names)
    return set(touched)


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
            "name": row.checked.category_name or KEEP,
            "image": row.checked.category_image,
            "position": row.checked.category_position or 0,
            "parent_id": await _parent(merchant_id, row.checked.category_parent_code, stored),
        }
        if assign(category, **_given(said)) or category.pk is None:
            await _save(category)
            touched.add(code)
    return touched


def _given(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not KEEP}


async def _parent(merchant_id: int, code: str | Unset | None, stored: Stored) -> int | Unset | None:
    if not isinstance(code, str):
        return code
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


def refuse_circles(rows: Sequence[ProductRow], stored: Stored) -> bool:
    """Find fault with the first sound row that would close a circle behind those before it; whether one did.

    A row that fails leaves its category where it was, so this is asked until none fails.
    """
    codes = {category.id: code for code, category in stored.categories.items()}
    above = {
        code: codes[category.parent_id]
        for code, category in stored.categories.items()
        if category.parent_id in codes
    }
    for row in rows:
        code, parent = row.checked.category_code, row.checked.category_parent_code
        if row.faults or parent is KEEP or not isinstance(code, str):
            continue
        if parent is None:
            above.pop(code, None)
            continue
        if stands_below(parent, code, above):
            row.faults.add(
                InvalidInput("A category cannot stand below itself.", path=("categoryParentCode",))
            )
            return True
        above[code] = parent
    return False
