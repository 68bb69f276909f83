"""Products: looking one up, and counting what was sold of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from models.accounts.channels import Channel
from models.catalog.products import Product, ProductStatus, Variant
from models.database import execute_many, fetch, marks
from resolvers.catalog.visibility import excluded, on_sale, sees_unpublished
from resolvers.context import Context
from resolvers.keyset import kept
from resolvers.permissions import for_anyone


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Product]:
    """Products by ID whatever their status: the variants of old orders lead to them."""
    return {row.id: row for row in await Product.filter(id__in=set(ids))} if ids else {}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Product]:
    """The products that this caller may ask for: not drafts, save for staff."""
    return {
        row.id: row
        for row in (await by_ids(ctx, ids)).values()
        if row.status is not ProductStatus.DRAFT or await sees_unpublished(ctx, row.merchant_id)
    }


@for_anyone
async def find(
    ctx: Context,
    product_id: int | None = None,
    slug: str | None = None,
    code: str | None = None,
) -> Product | None:
    """The product on sale in this channel with this ID, slug or code; staff also find all others."""
    if product_id is not None:
        query = Product.filter(id=product_id)
    elif slug is not None:
        query = Product.filter(merchant_id=ctx.merchant_id, slug=kept(slug))
    else:
        query = Product.filter(merchant_id=ctx.merchant_id, code=kept(code or ""))
    row = await query.annotate(excluded=excluded(ctx)).first()
    if row is None or on_sale(row):
        return row
    return row if await sees_unpublished(ctx, row.merchant_id) else None


async def channels_of(ctx: Context, ids: Sequence[int]) -> dict[int, list[Channel]]:
    """The channels that list each product."""
    rows = await fetch(
        f"SELECT product_id, channel FROM channel_exclusion WHERE product_id IN ({marks(ids)})",
        *ids,
    )
    left_out = {(row["product_id"], row["channel"]) for row in rows}
    return {each: [c for c in Channel if (each, str(c)) not in left_out] for each in ids}


async def count_sales(ctx: Context, quantities: Mapping[int, int]) -> None:
    """Add units sold, by variant ID, to the products that these variants belong to."""
    sold: Counter[int] = Counter()
    for variant in await Variant.filter(id__in=list(quantities)):
        sold[variant.product_id] += quantities[variant.id]
    await execute_many(
        "UPDATE product SET units_sold = units_sold + ? WHERE id = ?",
        [(quantity, product_id) for product_id, quantity in sorted(sold.items())],
    )
