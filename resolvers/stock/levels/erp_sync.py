"""Setting the available quantities of many levels to those of an ERP, in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import Duplicate, InvalidInput, NotFound, Refusal, StaleVersion
from models.stock.levels import LevelKey
from models.stock.states import MovementReason, StockState
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    RowOutcome,
    may_apply,
    refuse_duplicates,
)
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.ledger.ledger import Move, announce_changed, move_all
from resolvers.stock.levels.code_lookup import find
from resolvers.stock.levels.locking import LockedLevel, backordered, forget_new, lock
from resolvers.stock.serials import tracked
from resolvers.validation import code_of, quantity_of, rows_of

_SERIALS_NEEDED = (
    "Variants with serial numbers are corrected by stockAdjust with serials, or by a stocktake."
)
_REFUSALS = {kind.code: kind for kind in (InvalidInput, NotFound, Duplicate, StaleVersion)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDraft:
    """The new available quantity of a SKU at a location.

    If `compare_quantity` is given, the current available quantity must equal it.
    """

    location_code: str
    sku: str
    quantity: int
    compare_quantity: int | None = None

    @property
    def external_code(self) -> str:
        return f"{self.location_code}/{self.sku}"

    @property
    def key(self) -> str:
        """The key that is unique in a batch. Codes contain no spaces."""
        return f"{self.location_code} {self.sku}"


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """The outcome of the batch, and the IDs of the levels of applied rows, in the order of the rows."""

    batch: BatchOutcome
    level_ids: Sequence[int] = ()


@dataclass(slots=True)
class _Row:
    draft: LevelDraft
    faults: Faults
    level_key: LevelKey = (0, 0)


class _RolledBack(Exception):
    """Rolls back a batch that is rejected, or a dry run."""

    def __init__(self, outcome: SyncOutcome) -> None:
        super().__init__("the batch is rolled back")
        self.outcome = outcome


@requires(Permission.STOCK_WRITE)
async def set_levels(
    ctx: Context,
    drafts: Sequence[LevelDraft],
    on_error: OnError,
    idempotency_key: str,
    dry_run: bool = False,
) -> SyncOutcome:
    """Set the available quantities, and move the differences from or to OUTSIDE.

    A rejected batch and a dry run change nothing and leave the idempotency key unused.

    Raises: InvalidInput for an empty or oversized batch, IdempotencyKeyReused.
    """
    rows_of(drafts, "rows")
    try:
        if dry_run:
            await transaction(_dry_run, ctx, drafts, on_error)
        stored = await transaction(_once, ctx, drafts, on_error, idempotency_key)
    except _RolledBack as rolled_back:
        return rolled_back.outcome
    return _restored(drafts, stored)


async def _dry_run(ctx: Context, drafts: Sequence[LevelDraft], on_error: OnError) -> None:
    """Apply the batch, then raise its outcome. Raises: _RolledBack."""
    stored = await _set(ctx, drafts, on_error)
    raise _RolledBack(SyncOutcome(_restored(drafts, stored).batch))


async def _once(
    ctx: Context, drafts: Sequence[LevelDraft], on_error: OnError, idempotency_key: str
) -> Any:
    given = [on_error, [asdict(draft) for draft in drafts]]
    work = partial(_set, ctx, drafts, on_error)
    return await once(ctx, "stockSet", idempotency_key, given, work)


async def _set(ctx: Context, drafts: Sequence[LevelDraft], on_error: OnError) -> dict[str, Any]:
    rows = [_checked(index, draft) for index, draft in enumerate(drafts)]
    duplicates = [(row.draft.key, row.faults, ("sku",)) for row in rows]
    refuse_duplicates(duplicates, "{code} is in this batch twice.")
    await _resolve_codes(ctx, rows)
    levels, freed = await lock(ctx, [row.level_key for row in rows if not row.faults])
    for row in rows:
        if not row.faults:
            row.faults.check(_compare, row.draft, levels[row.level_key])
    await _refuse_tracked([row for row in rows if not row.faults], levels)
    if not may_apply(on_error, [row.faults for row in rows]):
        raise _RolledBack(
            SyncOutcome(_outcome_of(drafts, [row.faults.found for row in rows], True))
        )
    sound = [row for row in rows if not row.faults]
    await forget_new(
        [levels[row.level_key] for row in rows if row.faults and row.level_key in levels]
    )
    moves = [each for row in sound for each in _difference(row, levels[row.level_key])]
    kept = [row for row in sound if not levels[row.level_key].is_new]
    await announce_changed(ctx, [*freed, *await move_all(ctx, moves)])
    await fill(ctx, backordered(levels))
    return {
        "refusals": [[_kept(each) for each in row.faults.found] for row in rows],
        "levels": [levels[row.level_key].id for row in sound],
        "created": len(sound) - len(kept),
        "updated": sum(bool(_difference(row, levels[row.level_key])) for row in kept),
    }


def _checked(index: int, draft: LevelDraft) -> _Row:
    row = _Row(draft, Faults(("rows", index)))
    row.faults.check(code_of, draft.location_code, "locationCode")
    row.faults.check(code_of, draft.sku, "sku")
    row.faults.check(quantity_of, draft.quantity, "quantity", minimum=0)
    if draft.compare_quantity is not None:
        row.faults.check(quantity_of, draft.compare_quantity, "compareQuantity", minimum=0)
    return row


async def _resolve_codes(ctx: Context, rows: Sequence[_Row]) -> None:
    drafts = [row.draft for row in rows if not row.faults]
    lookup = await find(ctx, {each.location_code for each in drafts}, {each.sku for each in drafts})
    for row in rows:
        if not row.faults:
            row.level_key = row.faults.check(lookup.key_of, row.draft.location_code, row.draft.sku)


async def _refuse_tracked(rows: Sequence[_Row], levels: Mapping[LevelKey, LockedLevel]) -> None:
    """Add a fault to rows that would change the quantity of a variant that tracks serial numbers."""
    changing = [row for row in rows if _difference(row, levels[row.level_key])]
    tracking = await tracked({row.level_key[0] for row in changing})
    for row in changing:
        if row.level_key[0] in tracking:
            row.faults.add(InvalidInput(_SERIALS_NEEDED, path=("quantity",)))


def _compare(draft: LevelDraft, level: LockedLevel) -> None:
    if draft.compare_quantity not in (None, level.quantities.available):
        raise StaleVersion(
            "{available} are available now, not {compared}.",
            path=("compareQuantity",),
            available=level.quantities.available,
            compared=draft.compare_quantity,
        )


def _difference(row: _Row, level: LockedLevel) -> Sequence[Move]:
    difference = row.draft.quantity - level.quantities.available
    if difference == 0:
        return ()
    outside, available = StockState.OUTSIDE, StockState.AVAILABLE
    return (
        Move(
            variant_id=row.level_key[0],
            location_id=row.level_key[1],
            from_state=outside if difference > 0 else available,
            to_state=available if difference > 0 else outside,
            quantity=abs(difference),
            reason=MovementReason.SYNC,
        ),
    )


def _outcome_of(
    drafts: Sequence[LevelDraft], refusals: Sequence[Sequence[Refusal]], rejected: bool
) -> BatchOutcome:
    rows = [
        RowOutcome(index, draft.external_code, found)
        for index, (draft, found) in enumerate(zip(drafts, refusals, strict=True))
    ]
    return BatchOutcome(rows, rejected=rejected)


def _kept(refusal: Refusal) -> list[Any]:
    return [refusal.code, refusal.template, refusal.path, refusal.parts]


def _restored(drafts: Sequence[LevelDraft], stored: dict[str, Any]) -> SyncOutcome:
    """Return the outcome of the first call, from the result that is stored with the idempotency key."""
    refusals = [
        [_REFUSALS[code](template, path=path, **data) for code, template, path, data in row]
        for row in stored["refusals"]
    ]
    batch = _outcome_of(drafts, refusals, False)
    counted = replace(batch, created=stored.get("created", 0), updated=stored.get("updated", 0))
    return SyncOutcome(counted, stored["levels"])
