"""Variants: finding them by what a scanner, an ERP or a client knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.catalog.gtin import InvalidGtin, gtin_key
from models.catalog.products import Product, ProductStatus, Variant, VariantGtin
from models.database import fetch, marks
from resolvers.catalog.visibility import excluded, on_sale, sees_unpublished
from resolvers.context import Context
from resolvers.keyset import kept
from resolvers.permissions import for_anyone


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Variant]:
    """Variants by ID whatever their product's status: old orders and stock refer to them."""
    if not ids:
        return {}
    return {variant.id: variant for variant in await Variant.filter(id__in=set(ids))}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Variant]:
    """The variants whose product this caller may ask for: not those of drafts, save to staff."""
    found = await by_ids(ctx, ids)
    products = await _statuses({each.product_id for each in found.values()})
    return {
        variant_id: variant
        for variant_id, variant in found.items()
        if products[variant.product_id] is not ProductStatus.DRAFT
        or await sees_unpublished(ctx, variant.merchant_id)
    }


@for_anyone
async def by_sku(ctx: Context, sku: str) -> Variant | None:
    variant = await Variant.filter(merchant_id=ctx.merchant_id, sku=kept(sku)).first()
    return await _on_sale(ctx, variant)


@for_anyone
async def by_gtin(ctx: Context, gtin: str) -> Variant | None:
    """The variant with this barcode, in any of a GTIN's forms; None for what is no barcode."""
    try:
        key = gtin_key(gtin)
    except InvalidGtin:
        return None
    found = await VariantGtin.filter(merchant_id=ctx.merchant_id, gtin_key=key).first()
    return await _on_sale(ctx, await Variant.get(id=found.variant_id) if found else None)


@for_anyone
async def of_products(ctx: Context, product_ids: Sequence[int]) -> dict[int, list[Variant]]:
    """The variants of each product in their own order."""
    found: dict[int, list[Variant]] = {product_id: [] for product_id in product_ids}
    query = Variant.filter(product_id__in=set(product_ids)).order_by("position", "id")
    for variant in await query if product_ids else []:
        found[variant.product_id].append(variant)
    return found


@for_anyone
async def gtins_of(ctx: Context, variant_ids: Sequence[int]) -> dict[int, list[str]]:
    """The barcodes of each variant as they were given."""
    found: dict[int, list[str]] = {variant_id: [] for variant_id in variant_ids}
    rows = await fetch(
        "SELECT variant_id, gtin FROM variant_gtin"
        f" WHERE variant_id IN ({marks(list(found))}) ORDER BY id",
        *found,
    )
    for row in rows:
        found[row["variant_id"]].append(row["gtin"])
    return found


async def _on_sale(ctx: Context, variant: Variant | None) -> Variant | None:
    if variant is None:
        return None
    product = await Product.filter(id=variant.product_id).annotate(excluded=excluded(ctx)).get()
    return variant if on_sale(product) or await sees_unpublished(ctx, product.merchant_id) else None


async def _statuses(product_ids: Iterable[int]) -> dict[int, ProductStatus]:
    ids = list(product_ids)
    rows = await fetch(f"SELECT id, status FROM product WHERE id IN ({marks(ids)})", *ids)
    return {row["id"]: ProductStatus(row["status"]) for row in rows}
