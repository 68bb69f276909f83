"""Products: looking one up, and counting what was sold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.accounts.channels import Channel
from models.bounds import PRODUCT_RELATED
from models.catalog.products import ProductStatus
from models.catalog.rows import PRODUCT, ProductRow
from models.database import any_id, any_of, array, fetch, for_update, read, records
from models.deferred_writes import change_later
from models.tables.columns import parsed
from models.tables.folded_codes import folded_column
from models.text.codes import chosen, folded
from resolvers.catalog.scope import ON_SALE, sees_unpublished
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import kept


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ProductRow]:
    """Products by ID whatever their status: the variants of old orders lead to them."""
    if not ids:
        return {}
    rows = await read(
        ProductRow, f"SELECT {PRODUCT} FROM product p WHERE {any_id('p.id')}", array(set(ids))
    )
    return {row.id: row for row in rows}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ProductRow]:
    """The merchant's products that this caller may ask for: not drafts, save for staff."""
    return {
        row.id: row
        for row in (await by_ids(ctx, ids)).values()
        if (row.merchant_id == ctx.merchant_id and row.status != ProductStatus.DRAFT)
        or await sees_unpublished(ctx, row.merchant_id)
    }


@for_anyone
async def find(
    ctx: Context,
    product_id: int | None = None,
    slug: str | None = None,
    code: str | None = None,
) -> ProductRow | None:
    """The product on sale in this channel with this ID, slug or code; staff also find all others."""
    values: tuple[Any, ...]
    condition, values = "p.merchant_id = ? AND p.slug = ?", (ctx.merchant_id, kept(slug or ""))
    if product_id is not None:
        condition, values = "p.id = ?", (product_id,)
    elif slug is None:
        condition = f"p.merchant_id = ? AND {folded_column('p.code')} = ?"
        values = (ctx.merchant_id, folded(code or ""))
    found = await records(
        f"SELECT {ON_SALE}, {PRODUCT} FROM product p WHERE {condition}", str(ctx.channel), *values
    )
    rows = []
    for on_sale, *columns in found:
        row = ProductRow(*columns)
        is_own = row.merchant_id == ctx.merchant_id
        if (on_sale and is_own) or await sees_unpublished(ctx, row.merchant_id):
            rows.append((row.code, row))
    return chosen(code or "", rows)


@for_anyone
async def related_to(ctx: Context, rows: Sequence[ProductRow]) -> dict[int, list[ProductRow]]:
    """What is shown beside each product, in the order in which its codes were given: one statement for all.

    Only what is on sale in this channel; staff see the others too. Codes of what is not there are left out.
    """
    codes = {row.id: list(PRODUCT_RELATED.cut(parsed(row.related_codes) or ())) for row in rows}
    wanted = {code for each in codes.values() for code in each}
    if not wanted:
        return {row.id: [] for row in rows}
    found = await records(
        f"SELECT {ON_SALE}, {PRODUCT} FROM product p"
        f" WHERE {any_of('p.merchant_id')} AND {any_of('p.code')}",
        str(ctx.channel),
        array({row.merchant_id for row in rows}),
        array(wanted),
    )
    shown = {}
    for on_sale, *columns in found:
        row = ProductRow(*columns)
        if on_sale or await sees_unpublished(ctx, row.merchant_id):
            shown[row.merchant_id, row.code] = row
    return {
        row.id: [other for code in codes[row.id] if (other := shown.get((row.merchant_id, code)))]
        for row in rows
    }


async def variant_counts(ctx: Context, ids: Sequence[int]) -> dict[int, int]:
    """How many variants each product has."""
    rows = await records(
        f"SELECT product_id, COUNT(*) FROM variant WHERE {any_id('product_id')} GROUP BY product_id",
        array(set(ids)),
    )
    return dict.fromkeys(ids, 0) | dict(rows)


async def channels_of(ctx: Context, ids: Sequence[int]) -> dict[int, list[Channel]]:
    """The channels that list each product."""
    rows = await fetch(
        f"SELECT product_id, channel FROM channel_exclusion WHERE {any_id('product_id')}",
        array(ids),
    )
    left_out = {(row["product_id"], row["channel"]) for row in rows}
    return {each: [c for c in Channel if (each, str(c)) not in left_out] for each in ids}


_COUNT = """
WITH sold (variant_id, quantity) AS (VALUES (CAST(? AS BIGINT), CAST(? AS BIGINT)){more})
UPDATE product SET units_sold = units_sold + (
  SELECT SUM(sold.quantity) FROM sold JOIN variant ON variant.id = sold.variant_id
  WHERE variant.product_id = product.id)
WHERE id IN (
  SELECT id FROM product WHERE id IN (
    SELECT variant.product_id FROM sold JOIN variant ON variant.id = sold.variant_id)
  ORDER BY id{lock})
"""


async def count_sales(ctx: Context, quantities: Mapping[int, int]) -> None:
    """Add units sold, by variant ID, to the products that these variants belong to."""
    if quantities:
        more = ", (?, ?)" * (len(quantities) - 1)
        values = [value for sold in sorted(quantities.items()) for value in sold]
        await change_later("product", _COUNT.format(more=more, lock=for_update()), *values)
