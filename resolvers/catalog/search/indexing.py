"""Keeping the search index: the terms of each product with their ranks."""

from __future__ import annotations

from collections.abc import Sequence

from models.catalog.products import Product, ProductStatus
from models.catalog.relevance import ranked_terms, sales_bits, sales_bits_of
from models.catalog.search import SearchTexts, search_texts
from models.database import execute_many, fetch, records, transaction
from models.tables.bulk import chunks, delete_where, insert_all, update_all
from models.text.chinese import simplified
from resolvers.context import Context

_BATCH = 2_000
_SALES = (
    "SELECT p.id, p.units_sold, (SELECT t.rank FROM search_term t WHERE t.product_id = p.id LIMIT 1)"
    f" FROM product p WHERE p.id > ? ORDER BY p.id LIMIT {_BATCH}"
)
_TEXTS = f"SELECT id, search_text FROM product WHERE id > ? ORDER BY id LIMIT {_BATCH}"
_RANK_SALES = (
    "UPDATE search_term SET rank = rank - ((rank >> 8) & 31) * 256 + ? WHERE product_id = ?"
)


async def reindex(products: Sequence[Product], brand_name: str) -> None:
    """Rewrite text and terms of products whose brand has another name now."""
    indexed = []
    for product in products:
        texts = search_texts(product.name, brand_name)
        product.search_text = str(texts)
        indexed.append((product, texts))
    await update_all(products, ("search_text",))
    await index(indexed, new=False)


async def index(products: Sequence[tuple[Product, SearchTexts]], *, new: bool) -> None:
    """Write the terms of products, in place of those they had."""
    if not new:
        await delete_where("search_term", "product_id", [product.id for product, _ in products])
    await insert_all(
        "search_term",
        ("merchant_id", "term", "rank", "product_id"),
        sorted(
            (product.merchant_id, term, rank, product.id)
            for product, texts in products
            for term, rank in ranked_terms(
                texts, ProductStatus(product.status), product.units_sold
            ).items()
        ),
    )


async def rank_sales(ctx: Context) -> int:
    """Move products whose units sold have passed a power of two since they were ranked; one pass of all.

    Answers 0, since a pass leaves nothing to do.
    """
    last = 0
    while rows := await records(_SALES, last):
        last = rows[-1][0]
        moved = [
            (sales_bits(units_sold), product_id)
            for product_id, units_sold, rank in rows
            if rank is not None and sales_bits(units_sold) != sales_bits_of(rank)
        ]
        if moved:
            await transaction(execute_many, _RANK_SALES, moved)
    return 0


async def ensure_index() -> None:
    """Index every product where none is, as the table of terms is new, else those with unfolded texts."""
    if not await fetch("SELECT 1 FROM search_term LIMIT 1"):
        await rebuild()
        return
    names, last = await _brand_names(), 0
    while rows := await records(_TEXTS, last):
        last = rows[-1][0]
        if unfolded := [row_id for row_id, text in rows if simplified(text) != text]:
            await transaction(_rebuild, unfolded, names)


async def rebuild() -> int:
    """Index every product anew, some at a time; answers how many there are."""
    names = await _brand_names()
    ids = [row["id"] for row in await fetch("SELECT id FROM product ORDER BY id")]
    for part in chunks(ids, _BATCH):
        await transaction(_rebuild, part, names)
    return len(ids)


async def _brand_names() -> dict[int, str]:
    return {row["id"]: row["name"] for row in await fetch("SELECT id, name FROM brand")}


async def _rebuild(ids: Sequence[int], brands: dict[int, str]) -> None:
    products = await Product.filter(id__in=ids).select_for_update()
    indexed = []
    for product in products:
        texts = search_texts(product.name, brands.get(product.brand_id or 0, ""))
        product.search_text = str(texts)
        indexed.append((product, texts))
    await update_all(products, ("search_text",))
    await index(indexed, new=False)
