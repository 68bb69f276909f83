"""Keeping the search index: the terms of a product's name and brand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from models.bulk import delete_where, insert_all, update_all
from models.catalog.products import Product
from resolvers.catalog.searching import search_terms, search_text


async def reindex(products: Sequence[Product], brand_name: str) -> None:
    """Rewrite text and terms of products whose brand has another name now."""
    for product in products:
        product.search_text = search_text(product.name, brand_name)
    await update_all(products, ("search_text",))
    await index([(product, brand_name) for product in products], new=False)


async def index(products: Sequence[tuple[Product, str]], *, new: bool) -> None:
    """Write the terms of (product, brand name) pairs, in place of those they had."""
    now = datetime.now(UTC)
    if not new:
        await delete_where("product_term", "product_id", [product.id for product, _ in products])
    await insert_all(
        "product_term",
        ("term", "product_id", "created_at"),
        [
            (term, product.id, now)
            for product, brand_name in products
            for term in sorted(search_terms(product.name, brand_name))
        ],
    )
