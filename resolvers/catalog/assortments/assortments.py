"""Which store carries what, and which channel lists it, as an ERP says it by code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.catalog.assortments import CARRIED
from models.database import fetch, marks
from models.errors import InvalidInput, NotFound
from models.tables.bulk import chunks
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
from resolvers.catalog.assortments.writing import Key, save
from resolvers.catalog.locking import locked_merchant
from resolvers.context import Context
from resolvers.permissions import for_anyone, requires
from resolvers.validation import code_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AssortmentDraft:
    """Whether a place carries a SKU, or all that a product has now; None unsays it.

    Without a place: whether every place carries it (True, as it is at first), or those only that say so.
    """

    carried: bool | None
    sku: str | None = None
    product_code: str | None = None
    location_code: str | None = None

    @property
    def external_code(self) -> str:
        return "/".join(filter(None, (self.location_code, self.sku or self.product_code)))


@dataclass(frozen=True, slots=True)
class _Row:
    draft: AssortmentDraft
    faults: Faults
    keys: tuple[Key, ...] = ()


@requires(Permission.CATALOG_WRITE)
async def set_rows(
    ctx: Context,
    drafts: Sequence[AssortmentDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Say who carries what; later rows go before earlier ones, the same again changes nothing.

    Raises: InvalidInput for no rows or more than 500, PermissionDenied.
    """
    rows_of(drafts, "rows")
    return await run_batch(_set, ctx, drafts, on_error, dry_run=dry_run)


@for_anyone
async def carried(
    ctx: Context, variant_ids: Sequence[int], location_ids: Sequence[int]
) -> set[tuple[int, int]]:
    """Which of the (variant, location) pairs are carried."""
    variants, places = sorted(set(variant_ids)), sorted(set(location_ids))
    rows = await fetch(
        "SELECT l.variant_id, l.location_id FROM (SELECT v.id AS variant_id, o.id AS location_id"
        f" FROM variant v CROSS JOIN location o WHERE v.id IN ({marks(variants)})"
        f" AND o.id IN ({marks(places)})) AS l WHERE {CARRIED}",
        *variants,
        *places,
    )
    return {(row["variant_id"], row["location_id"]) for row in rows}


async def _set(ctx: Context, drafts: Sequence[AssortmentDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    faults = [Faults(("rows", index)) for index in range(len(drafts))]
    for draft, each in zip(drafts, faults, strict=True):
        _check(draft, each)
    twins = [(d.external_code, each, ()) for d, each in zip(drafts, faults, strict=True)]
    refuse_duplicates(twins, "{code} is in this batch twice.")
    rows = await _found(merchant_id, drafts, faults)
    outcomes = outcomes_of((row.draft.external_code, row.faults) for row in rows)
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    wanted = {key: row.draft.carried for row in rows if not row.faults for key in row.keys}
    touched = await save(ctx, wanted)
    await announce(ctx, [_change(merchant_id, each) for each in touched])
    return BatchOutcome(outcomes, updated=len(touched))


def _check(draft: AssortmentDraft, faults: Faults) -> None:
    if (draft.sku is None) == (draft.product_code is None):
        faults.add(InvalidInput("Give the sku or the productCode.", path=("sku",)))
    for text, name in (
        (draft.sku, "sku"),
        (draft.product_code, "productCode"),
        (draft.location_code, "locationCode"),
    ):
        if text is not None:
            faults.check(code_of, text, name)


async def _found(
    merchant_id: int, drafts: Sequence[AssortmentDraft], faults: Sequence[Faults]
) -> list[_Row]:
    """The rows with the variants and places that they name."""
    sound = [draft for draft, each in zip(drafts, faults, strict=True) if not each]
    skus = await _variants(merchant_id, "v.sku", {each.sku for each in sound})
    codes = await _variants(merchant_id, "p.code", {each.product_code for each in sound})
    places = await _places(merchant_id, {each.location_code for each in sound})
    rows = []
    for draft, each in zip(drafts, faults, strict=True):
        if each:
            rows.append(_Row(draft, each))
            continue
        if not (variants := skus.get(draft.sku or "") or codes.get(draft.product_code or "")):
            template, name = "There is no SKU {code}.", "sku"
            if draft.sku is None:
                template, name = "There is no product {code}.", "productCode"
            each.add(NotFound(template, path=(name,), code=draft.sku or draft.product_code))
        place = places.get(draft.location_code or "")
        if draft.location_code and place is None:
            each.add(
                NotFound(
                    "There is no location {code}.",
                    path=("locationCode",),
                    code=draft.location_code,
                )
            )
        rows.append(_Row(draft, each, tuple((variant, place) for variant in variants or ())))
    return rows


async def _variants(
    merchant_id: int, column: str, codes: Iterable[str | None]
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for part in chunks(sorted(filter(None, codes))):
        for row in await fetch(
            f"SELECT {column} AS code, v.id FROM variant v JOIN product p ON p.id = v.product_id"
            f" WHERE v.merchant_id = ? AND p.merchant_id = ? AND {column} IN ({marks(part)})",
            merchant_id,
            merchant_id,
            *part,
        ):
            found.setdefault(row["code"], []).append(row["id"])
    return found


async def _places(merchant_id: int, codes: Iterable[str | None]) -> dict[str, int]:
    wanted = sorted(filter(None, codes))
    rows = await fetch(
        f"SELECT code, id FROM location WHERE merchant_id = ? AND code IN ({marks(wanted)})",
        merchant_id,
        *wanted,
    )
    return {row["code"]: row["id"] for row in rows}


def _change(merchant_id: int, variant_id: int) -> Change:
    return Change(
        topic="assortment.changed",
        node_type="Variant",
        node_id=variant_id,
        merchant_id=merchant_id,
        variant_id=variant_id,
    )
