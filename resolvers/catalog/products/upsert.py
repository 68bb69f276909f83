"""Products as an ERP keeps them: added or changed by their own codes, up to 500 at once."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.catalog.pinyin import load_sounds
from models.errors import LimitExceeded
from resolvers.background.loop_sharing import in_turns
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    may_apply,
    run_batch,
)
from resolvers.catalog.locking import locked_merchant
from resolvers.catalog.products.change_plan import ProductPlan, plan
from resolvers.catalog.products.checking import check_product
from resolvers.catalog.products.conflicts import refuse_duplicates_within, refuse_stored
from resolvers.catalog.products.drafts import ProductDraft
from resolvers.catalog.products.existing_rows import ProductRow, Stored, read_stored
from resolvers.catalog.products.row_classification import ensure_brands, ensure_categories
from resolvers.catalog.products.serial_tracking import refuse_tracking
from resolvers.catalog.products.slugs import slugs_for, taken
from resolvers.catalog.products.writing import save
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.validation import rows_of

MAXIMUM_VARIANTS = 5_000


@requires(Permission.CATALOG_WRITE)
async def upsert(
    ctx: Context,
    drafts: Sequence[ProductDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Add or change the merchant's products and variants by code and SKU; the same again changes nothing.

    A variant that a row does not mention stays as it is. Faults are in the outcome, by row.

    Raises: InvalidInput for no rows or more than 500, LimitExceeded, PermissionDenied.
    """
    rows_of(drafts, "products")
    if sum(len(draft.variants) for draft in drafts) > MAXIMUM_VARIANTS:
        raise LimitExceeded(
            "A batch has at most {maximum} variants.", path=("products",), maximum=MAXIMUM_VARIANTS
        )
    await load_sounds()
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(ctx: Context, drafts: Sequence[ProductDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    rows = [_checked(index, draft) async for index, draft in in_turns(enumerate(drafts))]
    refuse_duplicates_within(rows)
    stored = await read_stored(merchant_id, rows)
    slugs = await taken(merchant_id, (row.checked.slug for row in rows if row.checked.slug))
    await refuse_tracking(rows, stored)
    await refuse_stored(rows, stored, slugs)
    outcomes = [row.faults.outcome(row.index, drafts[row.index].code) for row in rows]
    if not may_apply(on_error, [row.faults for row in rows]):
        return BatchOutcome(outcomes, rejected=True)
    plans = await _apply(ctx, merchant_id, [row for row in rows if not row.faults], stored)
    created = sum(each.is_new for each in plans)
    return BatchOutcome(outcomes, created, updated=len(plans) - created)


async def _apply(
    ctx: Context, merchant_id: int, rows: Sequence[ProductRow], stored: Stored
) -> list[ProductPlan]:
    """Save the rows; answers the plans of those that made a difference."""
    touched = await ensure_brands(merchant_id, rows, stored)
    placed = await ensure_categories(merchant_id, rows, stored)
    slugs = await slugs_for(merchant_id, rows, stored)
    plans = []
    async for row in in_turns(rows):
        each = plan(merchant_id, row, stored, slugs[row.checked.code])
        each.changed |= row.checked.brand_code in touched or row.checked.category_code in placed
        if each.differs:
            plans.append(each)
    await save(ctx, merchant_id, plans)
    await announce(ctx, [_change(merchant_id, each.product.id) for each in plans])
    return plans


def _checked(index: int, draft: ProductDraft) -> ProductRow:
    faults = Faults(("products", index))
    return ProductRow(index, check_product(draft, faults), faults)


def _change(merchant_id: int, product_id: int) -> Change:
    return Change(
        topic="product.changed",
        node_type="Product",
        node_id=product_id,
        merchant_id=merchant_id,
        organisation_id=merchant_id,
    )
