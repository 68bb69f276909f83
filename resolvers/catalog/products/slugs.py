"""Slugs for products that come without one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.catalog.slugs import slugify
from models.database import fetch, marks
from models.tables.bulk import chunks
from resolvers.catalog.products.existing_rows import ProductRow, Stored


async def taken(merchant_id: int, slugs: Iterable[str]) -> dict[str, int]:
    """Which of the slugs are in use, and by which product."""
    wanted = sorted(set(slugs))
    return {
        row["slug"]: row["id"]
        for part in chunks(wanted)
        for row in await fetch(
            f"SELECT id, slug FROM product WHERE merchant_id = ? AND slug IN ({marks(part)})",
            merchant_id,
            *part,
        )
    }


async def slugs_for(
    merchant_id: int, rows: Sequence[ProductRow], stored: Stored
) -> dict[str, str | None]:
    """The slug of each row by product code: as given, made for a new product, else None to keep."""
    found: dict[str, str | None] = {row.checked.code: row.checked.slug for row in rows}
    used = {slug for slug in found.values() if slug}
    open_rows = {
        row.checked.code: slugify(row.checked.code, row.checked.name)
        for row in rows
        if row.checked.slug is None and row.checked.code not in stored.products
    }
    attempt = 1
    while open_rows:
        tries = {
            code: base if attempt == 1 else f"{base}-{attempt}" for code, base in open_rows.items()
        }
        used |= (await taken(merchant_id, tries.values())).keys()
        for code, slug in tries.items():
            if slug not in used:
                found[code] = slug
                used.add(slug)
                del open_rows[code]
        attempt += 1
    return found
