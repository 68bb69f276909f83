"""Placing categories: none may come to stand below itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.errors import InvalidInput
from resolvers.catalog.products.existing_rows import ProductRow, Stored


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
        if row.faults or parent is None or not isinstance(code, str):
            continue
        if stands_below(parent, code, above):
            row.faults.add(
                InvalidInput("A category cannot stand below itself.", path=("categoryParentCode",))
            )
            return True
        above[code] = parent
    return False


def stands_below(code: str, other: str, above: Mapping[str, str | None]) -> bool:
    """Whether a category is the other one or below it."""
    line: dict[str | None, None] = {None: None}
    node: str | None = code
    while node not in line:
        line[node] = None
        node = above.get(node or "")
    return other in line
