"""Setting what is available as an ERP counts it, many levels in one batch."""

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
    """What is to be available of a SKU at a location, if it is `compare_quantity` now (None: in any case)."""

    location_code: str
    sku: str
    quantity: int
    compare_quantity: int | None = None

    @property
    def external_code(self) -> str:
        return f"{self.location_code}/{self.sku}"

    @property
    def key(self) -> str:
        """What no two rows of a batch may share. No code has a space in it."""
        return f"{self.location_code} {self.sku}"


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """What came of the batch, and the levels of the rows that were done, in their order."""

    batch: BatchOutcome
    level_ids: Sequence[int] = ()


@dataclass(slots=True)
class _Row:
    draft: LevelDraft
    faults: Faults
    level_key: LevelKey = (0, 0)


class _RolledBack(Exception):
    """Undoes a batch that is rejected, or only rehearsed."""

    def __init__(self, outcome: SyncOutcome) -> None:
        super().__init__("nothing is done")
        self.outcome = outcome


@requires(Permission.STOCK_WRITE)
async def set_levels(
    ctx: Context,
    drafts: Sequence[LevelDraft],
    on_error: OnError,
    idempotency_key: str,
    dry_run: bool = False,
) -> SyncOutcome:
    """Set what is available, moving the difference in from outside or out to it.

    A batch that is rejected changes nothing and does not use up its key; nor does a dry run.

    Raises: InvalidInput for an empty or oversized batch, IdempotencyKeyReused.
    """
    rows_of(drafts, "rows")
    try:
        if dry_run:
            await transaction(_rehearse, ctx, drafts, on_error)
        answer = await transaction(_once, ctx, drafts, on_error, idempotency_key)
    except _RolledBack as undone:
        return undone.outcome
    return _restored(drafts, answer)


async def _rehearse(ctx: Context, drafts: Sequence[LevelDraft], on_error: OnError) -> None:
    """Raises: _RolledBack."""
    answer = await _set(ctx, drafts, on_error)
    raise _RolledBack(SyncOutcome(_restored(drafts, answer).batch))


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
    """Find fault with rows that would change how many pieces there are of what has serial numbers."""
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


def _restored(drafts: Sequence[LevelDraft], answer: dict[str, Any]) -> SyncOutcome:
    """The outcome as it was the first time, out of what is kept with the key."""
    refusals = [
        [_REFUSALS[code](template, path=path, **parts) for code, template, path, parts in row]
        for row in answer["refusals"]
    ]
    batch = _outcome_of(drafts, refusals, False)
    counted = replace(batch, created=answer.get("created", 0), updated=answer.get("updated", 0))
    return SyncOutcome(counted, answer["levels"])
