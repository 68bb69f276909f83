"""Brands as an ERP keeps them: added, named and shown by code, up to 500 at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.catalog.classification import Brand
from models.catalog.products import Product
from models.tables.bulk import assign
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    KEEP,
    BatchOutcome,
    Faults,
    OnError,
    Unset,
    may_apply,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.catalog.locking import locked_merchant
from resolvers.catalog.media import MediaDraft, Medium, medium_of, story_of
from resolvers.catalog.search.indexing import reindex
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.validation import code_of, line_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandDraft:
    """A brand; None takes its logo or story away."""

    code: str
    name: str
    logo: MediaDraft | Unset | None = KEEP
    story: str | Unset | None = KEEP


@dataclass(frozen=True, slots=True)
class _Checked:
    code: str
    name: str
    logo: Medium | Unset | None
    story: str | Unset | None


@requires(Permission.CATALOG_WRITE)
async def upsert(
    ctx: Context,
    drafts: Sequence[BrandDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Add and change the merchant's brands by code; the same again changes nothing.

    Raises: InvalidInput for no rows or more than 500, PermissionDenied.
    """
    rows_of(drafts, "brands")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(ctx: Context, drafts: Sequence[BrandDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    faults = [Faults(("brands", index)) for index in range(len(drafts))]
    rows = [_checked(draft, each) for draft, each in zip(drafts, faults, strict=True)]
    codes = [(row.code, each, ("code",)) for row, each in zip(rows, faults, strict=True)]
    refuse_duplicates(codes, "The code {code} stands in the batch twice.")
    outcomes = outcomes_of((draft.code, each) for draft, each in zip(drafts, faults, strict=True))
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    sound = [row for row, each in zip(rows, faults, strict=True) if not each]
    created, updated = await _save(ctx, merchant_id, sound)
    return BatchOutcome(outcomes, created, updated)


def _checked(draft: BrandDraft, faults: Faults) -> _Checked:
    return _Checked(
        code=faults.check(code_of, draft.code, "code"),
        name=faults.check(line_of, draft.name, "name", 200),
        logo=medium_of(draft.logo, faults, ("logo",)),
        story=faults.check(story_of, draft.story, "story"),
    )


async def _save(ctx: Context, merchant_id: int, rows: Sequence[_Checked]) -> tuple[int, int]:
    """How many were added, and how many others are not as they were."""
    codes = [row.code for row in rows]
    stored = {row.code: row for row in await Brand.filter(merchant_id=merchant_id, code__in=codes)}
    names = {brand.id: brand.name for brand in stored.values()}
    touched = []
    for row in rows:
        brand = stored.get(row.code) or Brand(merchant_id=merchant_id, code=row.code)
        said = {"name": row.name, "logo": row.logo, "story": row.story or None}
        given = {name: value for name, value in said.items() if not isinstance(value, Unset)}
        if assign(brand, **given):
            touched.append(brand)
    await save_brands(touched, names)
    await announce(ctx, [_told(brand) for brand in touched])
    added = sum(brand.id not in names for brand in touched)
    return added, len(touched) - added


def _told(row: Brand) -> Change:
    return Change(
        topic="brand.changed", node_type="Brand", node_id=row.id, merchant_id=row.merchant_id
    )


async def save_brands(brands: Sequence[Brand], names: Mapping[int, str]) -> None:
    """Write brands; products are found by the new name of one that had another, as `names` says by ID."""
    for brand in brands:
        if brand.pk is None:
            await brand.save(force_create=True)
            continue
        await brand.save(update_fields=["name", "logo", "story"])
        if brand.name != names[brand.pk]:
            await reindex(await Product.filter(brand_id=brand.id), brand.name)
