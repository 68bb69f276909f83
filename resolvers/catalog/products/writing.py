"""Writing planned products in few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.catalog.products import Product, Variant
from models.database import fetch, marks
from models.tables.bulk import chunks, delete_where, insert_all, update_all
from resolvers.catalog.prices.history import Repricing, record
from resolvers.catalog.products.change_plan import (
    PRODUCT_COLUMNS,
    VARIANT_COLUMNS,
    ProductPlan,
    VariantPlan,
)
from resolvers.catalog.search.indexing import index
from resolvers.context import Context

AT_ONCE = 200  # rows that are made into parameters before others have the event loop


async def save(ctx: Context, merchant_id: int, plans: Sequence[ProductPlan]) -> None:
    """Write what is new and what differs, and nothing else."""
    await _save_products(ctx, merchant_id, plans)
    for each in plans:
        for planned in each.variants:
            planned.variant.product_id = each.product.id
    variants = [planned for each in plans for planned in each.variants]
    await _save_variants(ctx, merchant_id, variants)
    await record(ctx, merchant_id, [*_repricings(variants)])
    await _save_gtins(ctx, merchant_id, [each for each in variants if each.gtins is not None])
    for is_new in (True, False):
        indexed = [
            (each.product, each.texts)
            for each in plans
            if each.texts is not None and each.is_new is is_new
        ]
        await index(indexed, new=is_new)
    await _save_tags(ctx, [each for each in plans if each.retagged])
    await _save_exclusions(ctx, [each for each in plans if each.excluded is not None])


async def _save_products(ctx: Context, merchant_id: int, plans: Sequence[ProductPlan]) -> None:
    new = [each.product for each in plans if each.is_new]
    await Product.bulk_create(new, batch_size=AT_ONCE)
    ids = await _ids("product", "code", merchant_id, [each.code for each in new])
    for product in new:
        product.id = ids[product.code]
    changed = [each.product for each in plans if each.differs and not each.is_new]
    for product in changed:
        product.updated_at = ctx.now()
    await update_all(changed, PRODUCT_COLUMNS)


async def _save_variants(ctx: Context, merchant_id: int, plans: Sequence[VariantPlan]) -> None:
    new = [each.variant for each in plans if each.is_new]
    await Variant.bulk_create(new, batch_size=AT_ONCE)
    ids = await _ids("variant", "sku", merchant_id, [each.sku for each in new])
    for variant in new:
        variant.id = ids[variant.sku]
    changed = [each.variant for each in plans if each.changed and not each.is_new]
    for variant in changed:
        variant.updated_at = ctx.now()
    await update_all(changed, VARIANT_COLUMNS)


def _repricings(plans: Sequence[VariantPlan]) -> Iterator[Repricing]:
    for each in plans:
        if each.old_price_minor != each.variant.price_minor:
            yield Repricing(
                variant_id=each.variant.id,
                from_minor=each.old_price_minor,
                to_minor=each.variant.price_minor,
            )


async def _save_gtins(ctx: Context, merchant_id: int, plans: Sequence[VariantPlan]) -> None:
    old = [each.variant.id for each in plans if not each.is_new]
    await delete_where("variant_gtin", "variant_id", old)
    await insert_all(
        "variant_gtin",
        ("merchant_id", "variant_id", "gtin", "gtin_key", "created_at"),
        [
            (merchant_id, each.variant.id, printed, key, ctx.now())
            for each in plans
            for key, printed in (each.gtins or {}).items()
        ],
    )


async def _save_tags(ctx: Context, plans: Sequence[ProductPlan]) -> None:
    old = [each.product.id for each in plans if not each.is_new]
    await delete_where("product_tag", "product_id", old)
    await insert_all(
        "product_tag",
        ("product_id", "tag", "created_at"),
        [(each.product.id, tag, ctx.now()) for each in plans for tag in each.product.tags],
    )


async def _save_exclusions(ctx: Context, plans: Sequence[ProductPlan]) -> None:
    old = [each.product.id for each in plans if not each.is_new]
    await delete_where("channel_exclusion", "product_id", old)
    await insert_all(
        "channel_exclusion",
        ("product_id", "channel", "created_at"),
        [
            (each.product.id, str(channel), ctx.now())
            for each in plans
            for channel in sorted(each.excluded or ())
        ],
    )


async def _ids(table: str, column: str, merchant_id: int, values: Sequence[str]) -> dict[str, int]:
    return {
        row[column]: row["id"]
        for part in chunks(values)
        for row in await fetch(
            f"SELECT id, {column} FROM {table}"
            f" WHERE merchant_id = ? AND {column} IN ({marks(part)})",
            merchant_id,
            *part,
        )
    }
