"""Variants: finding them by what a scanner, an ERP or a client knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from models.catalog.gtin import InvalidGtin, gtin_key
from models.catalog.products import ProductStatus
from models.catalog.rows import VARIANT, VariantRow
from models.database import any_id, array, fetch, read
from models.tables.folded_codes import folded_column
from models.text.codes import chosen, folded
from resolvers.catalog.scope import ON_SALE, sees_unpublished
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.slices import Slice


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, VariantRow]:
    """Variants by ID whatever their product's status: old orders and stock refer to them."""
    if not ids:
        return {}
    rows = await read(
        VariantRow, f"SELECT {VARIANT} FROM variant v WHERE {any_id('v.id')}", array(set(ids))
    )
    return {row.id: row for row in rows}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, VariantRow]:
    """The merchant's variants whose product this caller may ask for: not of drafts, save to staff."""
    found = await by_ids(ctx, ids)
    products = await _statuses({each.product_id for each in found.values()})
    return {
        variant_id: variant
        for variant_id, variant in found.items()
        if (
            variant.merchant_id == ctx.merchant_id
            and products[variant.product_id] is not ProductStatus.DRAFT
        )
        or await sees_unpublished(ctx, variant.merchant_id)
    }


@for_anyone
async def by_sku(ctx: Context, sku: str) -> VariantRow | None:
    """The variant with this SKU as somebody types it; one that is written exactly so comes first."""
    condition = f"v.merchant_id = ? AND {folded_column('v.sku')} = ?"
    found = await _on_sale(ctx, condition, ctx.merchant_id, folded(sku))
    return chosen(sku, ((row.sku, row) for row in found))


@for_anyone
async def by_gtin(ctx: Context, gtin: str) -> VariantRow | None:
    """The variant with this barcode, in any of a GTIN's forms; None for what is no barcode."""
    try:
        key = gtin_key(gtin)
    except InvalidGtin:
        return None
    found = await _on_sale(
        ctx,
        "v.id = (SELECT variant_id FROM variant_gtin WHERE merchant_id = ? AND gtin_key = ?)",
        ctx.merchant_id,
        key,
    )
    return found[0] if found else None


@for_anyone
async def of_products(
    ctx: Context, product_ids: Sequence[int], cut: Slice
) -> dict[int, list[VariantRow]]:
    """A slice of the variants of each product in their own order."""
    found: dict[int, list[VariantRow]] = {product_id: [] for product_id in product_ids}
    rows = await read(
        VariantRow,
        f"SELECT {VARIANT} FROM (SELECT *, ROW_NUMBER()"
        " OVER (PARTITION BY product_id ORDER BY position, id) AS place"
        f" FROM variant WHERE {any_id('product_id')}) AS v"
        f" WHERE {cut.condition('v.place')} ORDER BY v.position, v.id",
        array(found),
    )
    for row in rows:
        found[row.product_id].append(row)
    return found


@for_anyone
async def gtins_of(ctx: Context, variant_ids: Sequence[int]) -> dict[int, list[str]]:
    """The barcodes of each variant as they were given."""
    found: dict[int, list[str]] = {variant_id: [] for variant_id in variant_ids}
    rows = await fetch(
        f"SELECT variant_id, gtin FROM variant_gtin WHERE {any_id('variant_id')} ORDER BY id",
        array(found),
    )
    for row in rows:
        found[row["variant_id"]].append(row["gtin"])
    return found


async def _on_sale(ctx: Context, condition: str, *values: Any) -> Sequence[VariantRow]:
    """Those that meet the condition and are on sale; all that do if this caller sees what is not."""
    if not await sees_unpublished(ctx, ctx.merchant_id):
        condition, values = f"{condition} AND {ON_SALE}", (*values, str(ctx.channel))
    return await read(
        VariantRow,
        f"SELECT {VARIANT} FROM variant v JOIN product p ON p.id = v.product_id WHERE {condition}",
        *values,
    )


async def _statuses(product_ids: Iterable[int]) -> dict[int, ProductStatus]:
    rows = await fetch(f"SELECT id, status FROM product WHERE {any_id('id')}", array(product_ids))
    return {row["id"]: ProductStatus(row["status"]) for row in rows}
