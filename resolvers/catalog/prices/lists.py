"""Price lists: for a store, a channel or a tier of members, kept by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.accounts.channels import Channel
from models.accounts.roles import Permission
from models.catalog.prices import ALWAYS, Price, PriceList, PriceListKind
from models.database import fetch
from models.errors import InvalidInput, NotFound, Refusal
from models.tables.bulk import assign
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    KEEP,
    BatchOutcome,
    Faults,
    OnError,
    RowOutcome,
    Unset,
    may_apply,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.catalog.locking import locked_merchant
from resolvers.catalog.scope import sees_unpublished
from resolvers.context import Context
from resolvers.permissions import for_anyone, requires
from resolvers.slices import Slice, rows_of_each
from resolvers.validation import code_of, line_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceListDraft:
    """`key` is a store's code, a channel or a tier's code, as `kind` says. None begins or ends never."""

    code: str
    name: str
    kind: PriceListKind
    key: str
    valid_from: datetime | Unset | None = KEEP
    valid_to: datetime | Unset | None = KEEP
    active: bool | None = None


@requires(Permission.CATALOG_WRITE)
async def upsert(
    ctx: Context,
    drafts: Sequence[PriceListDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Add or change the merchant's price lists by code; the same again changes nothing.

    Raises: InvalidInput for no rows or more than 500, PermissionDenied.
    """
    rows_of(drafts, "priceLists")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, PriceList]:
    """Those of the lists that the caller may see."""
    rows = await PriceList.filter(id__in=set(ids)) if ids else []
    return {row.id: row for row in rows if await sees_unpublished(ctx, row.merchant_id)}


@for_anyone
async def prices_of(
    ctx: Context, variants: Sequence[tuple[int, int]], cut: Slice | None = None
) -> dict[int, list[Price]]:
    """The prices that lists have for each (variant, merchant); none for the public."""
    seen = {each for each, merchant_id in variants if await sees_unpublished(ctx, merchant_id)}
    order = "price_list_id, valid_from, id"
    found = await rows_of_each(Price, "variant_id", seen, cut, order=order)
    return {variant_id: found.get(variant_id, []) for variant_id, _ in variants}


_DRAFTED = ("name", "kind", "key", "valid_from", "valid_to", "active")


async def _upsert(
    ctx: Context, drafts: Sequence[PriceListDraft], on_error: OnError
) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    faults = [Faults(("priceLists", index)) for index in range(len(drafts))]
    codes = [(draft.code, each, ("code",)) for draft, each in zip(drafts, faults, strict=True)]
    refuse_duplicates(codes, "The code {code} stands in the batch twice.")
    codes_asked = [draft.code for draft in drafts]
    stored = {
        row.code: row
        for row in await PriceList.filter(merchant_id=merchant_id, code__in=codes_asked)
    }
    keys = await _keys(merchant_id)
    rows = [
        _checked(merchant_id, draft, stored, keys, each)
        for draft, each in zip(drafts, faults, strict=True)
    ]
    outcomes = outcomes_of(zip(codes_asked, faults, strict=True))
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    return await _save(ctx, outcomes, [row for row in rows if row is not None])


async def _save(
    ctx: Context, outcomes: Sequence[RowOutcome], rows: Sequence[tuple[PriceList, bool]]
) -> BatchOutcome:
    touched = [row for row, differs in rows if differs]
    created = sum(row.pk is None for row in touched)
    for row in touched:
        if row.pk is None:
            await row.save(force_create=True)
        else:
            await row.save(update_fields=_DRAFTED)
    await announce(ctx, [_change(row) for row in touched])
    return BatchOutcome(outcomes, created, updated=len(touched) - created)


def _checked(
    merchant_id: int,
    draft: PriceListDraft,
    stored: dict[str, PriceList],
    keys: dict[PriceListKind, set[str]],
    faults: Faults,
) -> tuple[PriceList, bool] | None:
    """The list as it is to be, and whether that is a difference; None for a faulty row."""
    faults.check(code_of, draft.code, "code")
    name = faults.check(line_of, draft.name, "name", 200)
    faults.check(_check_key, draft, keys)
    row = stored.get(draft.code) or PriceList(merchant_id=merchant_id, code=draft.code)
    valid_from = row.valid_from if draft.valid_from is KEEP else draft.valid_from or ALWAYS
    valid_to = row.valid_to if draft.valid_to is KEEP else draft.valid_to
    faults.check(check_period, valid_from, valid_to)
    if faults:
        return None
    differs = assign(
        row,
        name=name,
        kind=draft.kind,
        key=draft.key,
        valid_from=valid_from,
        valid_to=valid_to,
        active=row.active if draft.active is None else draft.active,
    )
    return row, differs or row.pk is None


def check_period(valid_from: datetime, valid_to: datetime | None) -> None:
    """Raises: InvalidInput for a period that ends before it begins, or begins before 1970."""
    refusal: Refusal | None = None
    if valid_from < ALWAYS:
        refusal = InvalidInput("A price cannot begin before 1970.", path=("validFrom",))
    elif valid_to is not None and valid_to <= valid_from:
        refusal = InvalidInput("It must end after it begins.", path=("validTo",))
    if refusal:
        raise refusal


def _check_key(draft: PriceListDraft, keys: dict[PriceListKind, set[str]]) -> None:
    if draft.key not in keys[draft.kind]:
        raise NotFound(
            "There is no {kind} {key}.", path=("key",), kind=draft.kind, key=draft.key[:64]
        )


async def _keys(merchant_id: int) -> dict[PriceListKind, set[str]]:
    """What a list may be for."""
    stores = await fetch(
        "SELECT code FROM location WHERE merchant_id = ? AND kind = 'STORE'", merchant_id
    )
    tiers = await fetch("SELECT code FROM tier WHERE merchant_id = ?", merchant_id)
    return {
        PriceListKind.STORE: {row["code"] for row in stores},
        PriceListKind.CHANNEL: set(Channel),
        PriceListKind.TIER: {row["code"] for row in tiers},
    }


def _change(row: PriceList) -> Change:
    return Change(
        topic="price_list.changed",
        node_type="PriceList",
        node_id=row.id,
        merchant_id=row.merchant_id,
    )
