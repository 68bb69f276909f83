"""Limits of backorders: how many units of a variant may be sold before they arrive, and the expected day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models.accounts.roles import Permission
from models.catalog.products import Variant
from models.database import execute_many
from models.errors import InvalidInput, NotFound
from models.stock.backorders import StockBackorder
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    may_apply,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.catalog.locking import locked_merchant
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorders import today
from resolvers.validation import code_of, quantity_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BackorderDraft:
    """The limit of one SKU. A `limit` of 0 ends its backorders; every other limit needs `expected_on`."""

    sku: str
    limit: int
    expected_on: date | None


@requires(Permission.STOCK_WRITE)
async def set_backorders(
    ctx: Context, drafts: Sequence[BackorderDraft], on_error: OnError, *, dry_run: bool = False
) -> BatchOutcome:
    """Set backorder limits of a merchant; `updated` of the outcome counts the variants that changed.

    A limit below the units that are backordered already keeps their allocations. It stops further ones.

    Raises: InvalidInput for an empty or oversized batch, PermissionDenied below the merchant.
    """
    rows_of(drafts, "rows")
    return await run_batch(_set, ctx, drafts, on_error, dry_run=dry_run)


async def _set(ctx: Context, drafts: Sequence[BackorderDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx, Permission.STOCK_WRITE)
    faults = [Faults(("rows", index)) for index in range(len(drafts))]
    for draft, each in zip(drafts, faults, strict=True):
        _check(ctx, draft, each)
    duplicates = [(d.sku, each, ("sku",)) for d, each in zip(drafts, faults, strict=True)]
    refuse_duplicates(duplicates, "{code} is in this batch twice.")
    found = await _variants(
        merchant_id, [d.sku for d, f in zip(drafts, faults, strict=True) if not f]
    )
    for draft, each in zip(drafts, faults, strict=True):
        if not each and draft.sku not in found:
            each.add(NotFound("There is no SKU {sku}.", path=("sku",), sku=draft.sku))
    outcomes = outcomes_of((draft.sku, each) for draft, each in zip(drafts, faults, strict=True))
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    sound = {found[d.sku].id: d for d, f in zip(drafts, faults, strict=True) if not f}
    changed = await _save(ctx, sound)
    await _announce(ctx, merchant_id, [each for each in found.values() if each.id in changed])
    return BatchOutcome(outcomes, updated=len(changed))


def _check(ctx: Context, draft: BackorderDraft, faults: Faults) -> None:
    faults.check(code_of, draft.sku, "sku")
    faults.check(quantity_of, draft.limit, "limit", minimum=0)
    if draft.limit and (draft.expected_on is None or draft.expected_on < today(ctx)):
        faults.add(
            InvalidInput("Give the day on which the goods are expected.", path=("expectedOn",))
        )


async def _variants(merchant_id: int, skus: Sequence[str]) -> dict[str, Variant]:
    found = await Variant.filter(merchant_id=merchant_id, sku__in=skus)
    return {variant.sku: variant for variant in found}


async def _save(ctx: Context, drafts: dict[int, BackorderDraft]) -> set[int]:
    """Save the limits that differ. Return the IDs of their variants."""
    locked = StockBackorder.filter(variant_id__in=sorted(drafts)).order_by("variant_id")
    before = {row.variant_id: row for row in await locked.select_for_update()}
    changed = {
        variant_id: draft
        for variant_id, draft in drafts.items()
        if _differs(before.get(variant_id), draft)
    }
    await execute_many(
        "INSERT INTO stock_backorder (variant_id, most, promised, expected_on, created_at)"
        " VALUES (?, ?, 0, ?, ?) ON CONFLICT (variant_id) DO UPDATE"
        " SET most = excluded.most, expected_on = excluded.expected_on",
        [
            (variant_id, draft.limit, draft.expected_on, ctx.now())
            for variant_id, draft in sorted(changed.items())
        ],
    )
    return set(changed)


def _differs(row: StockBackorder | None, draft: BackorderDraft) -> bool:
    if row is None:
        return draft.limit > 0
    return (row.most, row.expected_on) != (draft.limit, draft.expected_on)


async def _announce(ctx: Context, merchant_id: int, variants: Sequence[Variant]) -> None:
    changes = [
        Change(
            topic="product.changed",
            node_type="Product",
            node_id=product_id,
            merchant_id=merchant_id,
            organisation_id=merchant_id,
        )
        for product_id in sorted({variant.product_id for variant in variants})
    ]
    await announce(ctx, changes)
