"""Opening costs: the cost of stock that was on hand before the first purchase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.accounts.roles import Permission
from models.database import execute_many, fetch, marks
from models.errors import Duplicate, InvalidInput
from models.money import MAX_MINOR, CurrencyCode, InvalidAmount, to_minor
from models.stock.costing import with_opening_cost
from models.stock.levels import LevelKey
from models.tables.bulk import insert_all
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    RowOutcome,
    may_apply,
    refuse_duplicates,
    run_batch,
)
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.costs.costs import begin, settle
from resolvers.stock.documents.documents import note_of
from resolvers.stock.ledger.ledger import ChangedLevel, announce_changed
from resolvers.stock.levels.code_lookup import find
from resolvers.stock.levels.locking import LockedLevel, backordered, lock
from resolvers.validation import code_of, rows_of

_MAX_UNIT_MINOR = 10**12  # the value of a million units still fits BIGINT
_COLUMNS = (
    "level_id", "unit_cost_minor", "quantity", "value_minor", "actor_kind", "actor_id", "note",
    "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDraft:
    """The unit cost of a SKU at a location, in yuan."""

    location_code: str
    sku: str
    unit_cost: Decimal

    @property
    def external_code(self) -> str:
        return f"{self.location_code}/{self.sku}"


@dataclass(slots=True)
class _Row:
    draft: OpeningDraft
    faults: Faults
    unit_minor: int = 0
    level_key: LevelKey = (0, 0)


class _Rejected(Exception):
    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__("some rows are faulty")
        self.outcome = outcome


@requires(Permission.PURCHASE_APPROVE)
async def set_costs(
    ctx: Context,
    drafts: Sequence[OpeningDraft],
    note: str | None,
    on_error: OnError,
    *,
    dry_run: bool = False,
) -> BatchOutcome:
    """Set the cost of levels that had none before; `updated` of the outcome counts them.

    It applies to the units on hand. Without any, it applies to later units that arrive without a stated cost.

    Raises: InvalidInput for an empty or oversized batch or note.
    """
    rows_of(drafts, "rows")
    try:
        return await run_batch(_set, ctx, drafts, note_of(note), on_error, dry_run=dry_run)
    except _Rejected as rejected:
        return rejected.outcome


async def _set(
    ctx: Context, drafts: Sequence[OpeningDraft], note: str | None, on_error: OnError
) -> BatchOutcome:
    rows = [_checked(index, draft) for index, draft in enumerate(drafts)]
    duplicates = [(row.draft.external_code, row.faults, ("sku",)) for row in rows]
    refuse_duplicates(duplicates, "{code} is in this batch twice.")
    await _resolve_codes(ctx, rows)
    levels, freed = await lock(ctx, [row.level_key for row in rows if not row.faults])
    known = await _known([level.id for level in levels.values()])
    for row in rows:
        if not row.faults:
            row.faults.check(_check_cost, row, levels[row.level_key], known)
    outcomes = [
        RowOutcome(index, row.draft.external_code, row.faults.found)
        for index, row in enumerate(rows)
    ]
    if not may_apply(on_error, [row.faults for row in rows]):
        raise _Rejected(BatchOutcome(outcomes, rejected=True))
    new = [row for row in rows if not row.faults and levels[row.level_key].id not in known]
    await announce_changed(ctx, [*freed, *await _save(ctx, new, levels, note)])
    await fill(ctx, backordered(levels))
    return BatchOutcome(outcomes, updated=len(new))


def _checked(index: int, draft: OpeningDraft) -> _Row:
    row = _Row(draft, Faults(("rows", index)))
    row.faults.check(code_of, draft.location_code, "locationCode")
    row.faults.check(code_of, draft.sku, "sku")
    row.unit_minor = row.faults.check(_minor_of, draft.unit_cost)
    return row


def _minor_of(amount: Decimal) -> int:
    try:
        minor = to_minor(amount, CurrencyCode.CNY)
    except InvalidAmount:
        minor = 0
    if minor <= 0:
        raise InvalidInput(
            "An opening cost is above 0 and has at most two decimals.", path=("unitCost",)
        )
    if minor > _MAX_UNIT_MINOR:
        raise InvalidInput("The amount is too large.", path=("unitCost",))
    return minor


async def _resolve_codes(ctx: Context, rows: Sequence[_Row]) -> None:
    drafts = [row.draft for row in rows if not row.faults]
    codes, skus = {each.location_code for each in drafts}, {each.sku for each in drafts}
    lookup = await find(ctx, codes, skus, Permission.PURCHASE_APPROVE)
    for row in rows:
        if not row.faults:
            row.level_key = row.faults.check(lookup.key_of, row.draft.location_code, row.draft.sku)


async def _known(level_ids: Sequence[int]) -> dict[int, int | None]:
    """Return the opening costs of locked levels that have a cost; None for those with purchased stock."""
    ids = marks(level_ids)
    rows = await fetch(
        "SELECT cost.level_id, opening.unit_cost_minor FROM stock_cost AS cost"
        " LEFT JOIN stock_opening_cost AS opening ON opening.level_id = cost.level_id"
        f" WHERE cost.level_id IN ({ids}) AND (opening.id IS NOT NULL OR cost.value_minor > 0"
        " OR cost.known_minor > 0 OR EXISTS (SELECT 1 FROM stock_cost_entry AS entry"
        " WHERE entry.level_id = cost.level_id AND entry.value_minor <> 0))",
        *level_ids,
    )
    return {row["level_id"]: row["unit_cost_minor"] for row in rows}


def _check_cost(row: _Row, level: LockedLevel, known: Mapping[int, int | None]) -> None:
    if level.id in known and known[level.id] != row.unit_minor:
        raise Duplicate(
            "{code} has a cost already.", path=("unitCost",), code=row.draft.external_code
        )
    if level.quantities.on_hand * row.unit_minor > MAX_MINOR:
        raise InvalidInput("The amount is too large.", path=("unitCost",))


async def _save(
    ctx: Context, rows: Sequence[_Row], levels: Mapping[LevelKey, LockedLevel], note: str | None
) -> list[ChangedLevel]:
    if not rows:
        return []
    keys = sorted(row.level_key for row in rows)
    ids = [levels[key].id for key in keys]
    await begin(ctx, keys)
    await settle(ctx, ids)
    opening, costs = [], []
    for row in rows:
        level = levels[row.level_key]
        stock = with_opening_cost(level.quantities.on_hand, row.unit_minor)
        actor = str(ctx.actor.kind), ctx.actor.id
        worth = row.unit_minor, stock.quantity, stock.value_minor
        opening.append((level.id, *worth, *actor, note, ctx.now()))
        costs.append((stock.value_minor, stock.known_quantity, stock.known_minor, level.id))
    await insert_all("stock_opening_cost", _COLUMNS, opening)
    await execute_many(
        "UPDATE stock_cost SET value_minor = ?, known_quantity = ?, known_minor = ? WHERE level_id = ?",
        costs,
    )
    return await _changed(ids)


async def _changed(level_ids: Sequence[int]) -> list[ChangedLevel]:
    rows = await fetch(
        "SELECT level.id, level.variant_id, level.location_id, level.updated_at, location.merchant_id,"
        " location.organisation_id FROM stock_level AS level"
        f" JOIN location ON location.id = level.location_id WHERE level.id IN ({marks(level_ids)})",
        *level_ids,
    )
    return [ChangedLevel(**row) for row in rows]
