"""The tree of categories as an ERP keeps it: added, named and placed by code, up to 500 at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.catalog.classification import Category
from models.errors import InvalidInput, NotFound
from models.tables.bulk import assign, chunks, update_all
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
from resolvers.catalog.media import MediaDraft, medium_of, position_of
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.validation import code_of, line_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """A category below `parent_code`; None puts it at the top, before all others and without a picture."""

    code: str
    name: str
    parent_code: str | Unset | None = KEEP
    image: MediaDraft | Unset | None = KEEP
    position: int | Unset | None = KEEP


Rows = Sequence[tuple[CategoryDraft, Faults]]


@requires(Permission.CATALOG_WRITE)
async def upsert(
    ctx: Context,
    drafts: Sequence[CategoryDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Add, name and place the merchant's categories by code; the same again changes nothing.

    Raises: InvalidInput for no rows or more than 500, PermissionDenied.
    """
    rows_of(drafts, "categories")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(ctx: Context, drafts: Sequence[CategoryDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    stored = {row.code: row for row in await Category.filter(merchant_id=merchant_id)}
    rows = [(draft, Faults(("categories", index))) for index, draft in enumerate(drafts)]
    for draft, faults in rows:
        _check(draft, faults)
    codes = [(draft.code, faults, ("code",)) for draft, faults in rows]
    refuse_duplicates(codes, "The code {code} stands in the batch twice.")
    while _refuse_places(rows, stored):
        continue
    outcomes = outcomes_of((draft.code, faults) for draft, faults in rows)
    if not may_apply(on_error, [faults for _, faults in rows]):
        return BatchOutcome(outcomes, rejected=True)
    sound = [draft for draft, faults in rows if not faults]
    created, updated = await _save(ctx, merchant_id, sound, stored)
    return BatchOutcome(outcomes, created, updated)


def _check(draft: CategoryDraft, faults: Faults) -> None:
    faults.check(code_of, draft.code, "code")
    faults.check(line_of, draft.name, "name", 200)
    if isinstance(draft.parent_code, str):
        faults.check(code_of, draft.parent_code, "parentCode")
    medium_of(draft.image, faults, ("image",))
    faults.check(position_of, draft.position, "position")


def _refuse_places(rows: Rows, stored: dict[str, Category]) -> bool:
    """Parents that there are not, and circles, as all sound rows together leave the tree; whether one failed.

    A row that fails leaves its category where it was, so this is asked until none fails.
    """
    by_id = {category.id: code for code, category in stored.items()}
    above = {code: by_id.get(category.parent_id or 0) for code, category in stored.items()}
    sound = [(draft, faults) for draft, faults in rows if not faults]
    for draft, _ in sound:
        kept = above.get(draft.code)
        above[draft.code] = kept if isinstance(draft.parent_code, Unset) else draft.parent_code
    for draft, faults in sound:
        if not isinstance(draft.parent_code, str):
            continue
        if draft.parent_code not in above:
            faults.add(
                NotFound(
                    "There is no category {code}.", path=("parentCode",), code=draft.parent_code
                )
            )
        elif stands_below(draft.parent_code, draft.code, above):
            faults.add(InvalidInput("A category cannot stand below itself.", path=("parentCode",)))
        if faults:
            return True
    return False


async def _save(
    ctx: Context, merchant_id: int, drafts: Sequence[CategoryDraft], stored: dict[str, Category]
) -> tuple[int, int]:
    """How many were added, and how many others are not as they were."""
    new = [each for each in drafts if each.code not in stored]
    await Category.bulk_create(
        [Category(merchant_id=merchant_id, code=each.code, name=each.name) for each in new]
    )
    for part in chunks([each.code for each in new]):
        found = await Category.filter(merchant_id=merchant_id, code__in=part)
        stored.update({row.code: row for row in found})
    changed = [stored[each.code] for each in drafts if _change(stored[each.code], each, stored)]
    await update_all(changed, ("name", "parent_id", "image", "position"))
    added = {each.code for each in new}
    touched = {row.id: row for row in (*(stored[code] for code in added), *changed)}
    await announce(ctx, [_told(row) for row in touched.values()])
    return len(added), len(touched) - len(added)


def _change(row: Category, draft: CategoryDraft, stored: dict[str, Category]) -> bool:
    """Make the row what the draft says; whether it was anything else."""
    values: dict[str, Any] = {"name": draft.name.strip()}
    if not isinstance(draft.parent_code, Unset):
        values["parent_id"] = stored[draft.parent_code].id if draft.parent_code else None
    if not isinstance(draft.image, Unset):
        values["image"] = medium_of(draft.image, Faults(()), ())
    if not isinstance(draft.position, Unset):
        values["position"] = draft.position or 0
    return assign(row, **values)


def _told(row: Category) -> Change:
    return Change(
        topic="category.changed",
        node_type="Category",
        node_id=row.id,
        merchant_id=row.merchant_id,
    )


def stands_below(code: str, other: str, above: Mapping[str, str | None]) -> bool:
    """Whether a category is the other one or below it."""
    line: dict[str | None, None] = {None: None}
    node: str | None = code
    while node not in line:
        line[node] = None
        node = above.get(node or "")
    return other in line
