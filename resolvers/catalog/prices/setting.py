"""Setting prices as an ERP keeps them: by SKU and price list, many in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.accounts.roles import Permission
from models.catalog.prices import ALWAYS, PriceList
from models.catalog.products import Variant
from models.database import transaction
from models.errors import InvalidInput, NotFound
from models.money import CurrencyCode, InvalidAmount, to_minor
from models.tables.bulk import chunks
from resolvers.bulk_replays import Rejected, kept, restored
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
from resolvers.catalog.prices.lists import check_period
from resolvers.catalog.prices.writing import PriceRow, save
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.permissions import requires
from resolvers.validation import code_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDraft:
    """What a SKU is to cost by a list, or without a list its list price; a price of None takes it away.

    Without `valid_from` it is the standing price of the list; one that began later goes before it.
    """

    sku: str
    price: Decimal | Unset | None
    list_code: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    @property
    def external_code(self) -> str:
        return f"{self.list_code}/{self.sku}" if self.list_code else self.sku

    @property
    def key(self) -> str:
        """What no two rows of a batch may share: list, SKU and beginning. No code has a space in it."""
        begins = self.valid_from if self.valid_from != ALWAYS else None
        return " ".join(str(each) for each in (self.list_code, self.sku, begins) if each)


@requires(Permission.CATALOG_WRITE)
async def set_prices(
    ctx: Context,
    drafts: Sequence[PriceDraft],
    on_error: OnError,
    idempotency_key: str,
    dry_run: bool = False,
) -> BatchOutcome:
    """Set, change and take away prices; each change stands in the history.

    A batch that is rejected changes nothing and does not use up its key; nor does a dry run.

    Raises: InvalidInput for an empty or oversized batch, IdempotencyKeyReused, PermissionDenied.
    """
    rows_of(drafts, "rows")
    if dry_run:
        return await run_batch(_set, ctx, drafts, on_error, dry_run=True)
    try:
        answer = await transaction(_once, ctx, drafts, on_error, idempotency_key)
    except Rejected as rejected:
        return rejected.outcome
    return restored(answer)


async def _once(
    ctx: Context, drafts: Sequence[PriceDraft], on_error: OnError, idempotency_key: str
) -> Any:
    async def work() -> dict[str, Any]:
        outcome = await _set(ctx, drafts, on_error)
        if outcome.rejected:
            raise Rejected(outcome)
        return kept(outcome)

    given = [on_error, [asdict(draft) for draft in drafts]]
    return await once(ctx, "priceSet", idempotency_key, given, work)


async def _set(ctx: Context, drafts: Sequence[PriceDraft], on_error: OnError) -> BatchOutcome:
    merchant_id = await locked_merchant(ctx)
    faults = [Faults(("rows", index)) for index in range(len(drafts))]
    rows = list(zip(drafts, faults, strict=True))
    for draft, each in rows:
        _check(draft, each)
    refuse_duplicates(
        [(draft.key, each, ("sku",)) for draft, each in rows], "{code} is in this batch twice."
    )
    variants = await _variants(merchant_id, {draft.sku for draft, each in rows if not each})
    lists = await _lists(merchant_id, {draft.list_code or "" for draft, each in rows if not each})
    found = [each.check(_found, draft, variants, lists) for draft, each in rows if not each]
    outcomes = outcomes_of((draft.external_code, each) for draft, each in rows)
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    created, updated = await save(ctx, merchant_id, [row for row in found if row])
    return BatchOutcome(outcomes, created, updated)


def _check(draft: PriceDraft, faults: Faults) -> None:
    faults.check(code_of, draft.sku, "sku")
    if draft.price is KEEP:
        faults.add(InvalidInput("Give a price, or null to take it away.", path=("price",)))
    elif draft.price is not None:
        faults.check(warned_price_of, draft.price, faults, "price")
    if draft.list_code is not None:
        faults.check(code_of, draft.list_code, "listCode")
        faults.check(check_period, draft.valid_from or ALWAYS, draft.valid_to)
        return
    if draft.price is None:
        faults.add(InvalidInput("A list price cannot be taken away.", path=("price",)))
    if draft.valid_from or draft.valid_to:
        faults.add(InvalidInput("A list price has no period.", path=("validFrom",)))


def _found(
    draft: PriceDraft, variants: dict[str, Variant], lists: dict[str, PriceList]
) -> PriceRow:
    if (variant := variants.get(draft.sku)) is None:
        raise NotFound("There is no SKU {sku}.", path=("sku",), sku=draft.sku)
    price_list = lists.get(draft.list_code or "")
    if draft.list_code and price_list is None:
        raise NotFound("There is no price list {code}.", path=("listCode",), code=draft.list_code)
    return PriceRow(
        variant=variant,
        price_list_id=price_list.id if price_list else None,
        amount_minor=price_of(draft.price) if isinstance(draft.price, Decimal) else None,
        valid_from=draft.valid_from or ALWAYS,
        valid_to=draft.valid_to,
    )


async def _variants(merchant_id: int, skus: set[str]) -> dict[str, Variant]:
    return {
        row.sku: row
        for part in chunks(sorted(skus))
        for row in await Variant.filter(merchant_id=merchant_id, sku__in=part)
    }


async def _lists(merchant_id: int, codes: set[str]) -> dict[str, PriceList]:
    return {
        row.code: row
        for row in await PriceList.filter(merchant_id=merchant_id, code__in=sorted(codes))
    }


def warned_price_of(amount: Decimal, faults: Faults, *path: str | int) -> int:
    """The same, with a warning for 0: it is for sale. Raises: InvalidInput."""
    minor = price_of(amount, *path)
    if minor == 0:
        faults.warn("The price is 0: whoever buys it pays nothing.", *path)
    return minor


def price_of(amount: Decimal, *path: str | int) -> int:
    """A price in minor units: exact, not negative. Raises: InvalidInput."""
    try:
        minor = to_minor(amount, CurrencyCode.CNY)
    except InvalidAmount:
        minor = -1
    if minor < 0:
        raise InvalidInput("A price has at most two decimals and is not negative.", path=path)
    return minor
