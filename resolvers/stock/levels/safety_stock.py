"""Setting safety stocks: of single levels, or the defaults of locations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.database import execute, execute_many, fetch, for_update, is_postgres, marks
from models.stock.levels import LevelKey
from models.tables.bulk import chunks
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
from resolvers.permissions import for_anyone, may, requires
from resolvers.stock.allocation import backorder_allocation
from resolvers.stock.documents.documents import paths_of
from resolvers.stock.ledger.ledger import ChangedLevel, announce_changed, create_missing
from resolvers.stock.levels.code_lookup import CodeLookup, find
from resolvers.validation import code_of, quantity_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyDraft:
    """The safety stock of a SKU at a location, or the default of the location if `sku` is None.

    A `quantity` of None makes the level follow the default; for a default it means 0.
    """

    location_code: str
    sku: str | None
    quantity: int | None

    @property
    def external_code(self) -> str:
        return f"{self.location_code}/{self.sku}" if self.sku is not None else self.location_code


@dataclass(slots=True)
class _Row:
    draft: SafetyDraft
    faults: Faults
    location_id: int = 0
    variant_id: int = 0

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id

    @property
    def named_by(self) -> tuple[str]:
        return ("locationCode",) if self.draft.sku is None else ("sku",)


@requires(Permission.STOCK_WRITE)
async def set_safety(
    ctx: Context, drafts: Sequence[SafetyDraft], on_error: OnError, *, dry_run: bool = False
) -> BatchOutcome:
    """Set safety stocks; `updated` of the outcome counts the levels that changed.

    Missing levels are created, so that the safety stock applies to their first units.

    Raises: InvalidInput for an empty or oversized batch.
    """
    rows_of(drafts, "rows")
    return await run_batch(_set, ctx, drafts, on_error, dry_run=dry_run)


@for_anyone
async def defaults_of(ctx: Context, location_ids: Collection[int]) -> dict[int, int]:
    """Return the defaults of those locations where the caller may set them; 0 where none is set."""
    if Permission.STOCK_WRITE not in ctx.actor.permissions:
        return {}
    paths = await paths_of(location_ids)
    own = {each for each, path in paths.items() if may(ctx, Permission.STOCK_WRITE, path)}
    return dict.fromkeys(own, 0) | await _defaults(own)


async def _set(ctx: Context, drafts: Sequence[SafetyDraft], on_error: OnError) -> BatchOutcome:
    rows = [_checked(index, draft) for index, draft in enumerate(drafts)]
    duplicates = [(row.draft.external_code, row.faults, row.named_by) for row in rows]
    refuse_duplicates(duplicates, "{code} is in this batch twice.")
    await _resolve_codes(ctx, rows)
    outcomes = [
        RowOutcome(index, row.draft.external_code, row.faults.found)
        for index, row in enumerate(rows)
    ]
    if not may_apply(on_error, [row.faults for row in rows]):
        return BatchOutcome(outcomes, rejected=True)
    sound = [row for row in rows if not row.faults]
    await _set_defaults(ctx, [row for row in sound if row.draft.sku is None])
    changed = await _set_levels(ctx, sound)
    return BatchOutcome(outcomes, updated=changed)


def _checked(index: int, draft: SafetyDraft) -> _Row:
    row = _Row(draft, Faults(("rows", index)))
    row.faults.check(code_of, draft.location_code, "locationCode")
    if draft.sku is not None:
        row.faults.check(code_of, draft.sku, "sku")
    if draft.quantity is not None:
        row.faults.check(quantity_of, draft.quantity, "quantity", minimum=0)
    return row


async def _resolve_codes(ctx: Context, rows: Sequence[_Row]) -> None:
    drafts = [row.draft for row in rows if not row.faults]
    codes, skus = {each.location_code for each in drafts}, {each.sku for each in drafts}
    lookup = await find(ctx, codes, {sku for sku in skus if sku is not None})
    for row in rows:
        if not row.faults:
            row.faults.check(_resolve, lookup, row)


def _resolve(lookup: CodeLookup, row: _Row) -> None:
    if row.draft.sku is None:
        row.location_id = lookup.location_of(row.draft.location_code)
    else:
        row.variant_id, row.location_id = lookup.key_of(row.draft.location_code, row.draft.sku)


async def _set_defaults(ctx: Context, rows: Sequence[_Row]) -> None:
    """Set the defaults. Transactions that create levels at these locations wait until this one ends."""
    if not rows:
        return
    ids = sorted(row.location_id for row in rows)
    if is_postgres():
        locking = (
            f"SELECT id FROM location WHERE id IN ({marks(ids)}) ORDER BY id FOR NO KEY UPDATE"
        )
        await fetch(locking, *ids)
    await execute_many(
        "INSERT INTO safety_stock_default (location_id, safety_stock, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (location_id) DO UPDATE SET safety_stock = excluded.safety_stock",
        [(row.location_id, row.draft.quantity or 0, ctx.now()) for row in rows],
    )


async def _set_levels(ctx: Context, rows: Sequence[_Row]) -> int:
    """Set the safety stock of named levels and of those that follow a changed default. Return how many."""
    named = {row.level_key: row.draft.quantity for row in rows if row.draft.sku is not None}
    whole = {row.location_id for row in rows if row.draft.sku is None}
    backordered_ids = await _backordered(named, whole)
    if named:
        await create_missing(ctx, named)
    levels = await _locked(named, whole)
    defaults = await _defaults({level["location_id"] for level in levels})
    changes: dict[tuple[int, bool], list[dict[str, Any]]] = {}
    for level in levels:
        wanted = _wanted(level, named, defaults)
        if wanted != (level["safety_stock"], bool(level["safety_is_own"])):
            changes.setdefault(wanted, []).append(level)
    for (quantity, own), group in changes.items():
        await _write(ctx, quantity, own, group)
    changed = [(each["variant_id"], each["location_id"]) for g in changes.values() for each in g]
    await backorder_allocation.fill(
        ctx, backorder_allocation.keys_of_variants(backordered_ids, changed)
    )
    return sum(map(len, changes.values()))


def _wanted(
    level: dict[str, Any], named: Mapping[LevelKey, int | None], defaults: Mapping[int, int]
) -> tuple[int, bool]:
    """Return the safety stock that a level should have, and whether it is the level's own."""
    key = level["variant_id"], level["location_id"]
    own = named.get(key)
    if key not in named and level["safety_is_own"]:
        own = level["safety_stock"]
    return (own, True) if own is not None else (defaults.get(level["location_id"], 0), False)


async def _backordered(named: Mapping[LevelKey, int | None], location_ids: set[int]) -> set[int]:
    """Lock the backorders of all affected variants, since a lower safety stock may fill allocations."""
    variant_ids, locations = sorted({variant_id for variant_id, _ in named}), sorted(location_ids)
    return await backorder_allocation.lock_backorders(
        f"SELECT id FROM variant WHERE id IN ({marks(variant_ids)})"
        f" UNION SELECT variant_id FROM stock_level WHERE location_id IN ({marks(locations)})",
        *variant_ids,
        *locations,
    )


async def _locked(
    named: Mapping[LevelKey, int | None], location_ids: set[int]
) -> list[dict[str, Any]]:
    pairs = " OR ".join(["(level.variant_id = ? AND level.location_id = ?)"] * len(named))
    whole = f"level.location_id IN ({marks(sorted(location_ids))})"
    return await fetch(
        "SELECT level.id, level.variant_id, level.location_id, level.safety_stock,"
        " level.safety_is_own, level.updated_at, location.merchant_id, location.organisation_id"
        " FROM stock_level AS level JOIN location ON location.id = level.location_id"
        f" WHERE {whole}{f' OR {pairs}' if named else ''}"
        f" ORDER BY level.variant_id, level.location_id{for_update()}"
        f"{' OF level' if is_postgres() else ''}",
        *sorted(location_ids),
        *(value for key in sorted(named) for value in key),
    )


async def _defaults(location_ids: set[int]) -> dict[int, int]:
    """Read the defaults of locations.

    Call this after locking the levels: a concurrent change of a default is then either visible here, or finds
    these levels.
    """
    rows = await fetch(
        "SELECT location_id, safety_stock FROM safety_stock_default"
        f" WHERE location_id IN ({marks(sorted(location_ids))})",
        *sorted(location_ids),
    )
    return {row["location_id"]: row["safety_stock"] for row in rows}


async def _write(ctx: Context, quantity: int, own: bool, levels: list[dict[str, Any]]) -> None:
    for chunk in chunks(levels):
        ids = [level["id"] for level in chunk]
        await execute(
            "UPDATE stock_level SET safety_stock = ?, safety_is_own = ?, version = version + 1,"
            " updated_at = CASE WHEN updated_at > ? THEN updated_at ELSE ? END"
            f" WHERE id IN ({marks(ids)})",
            quantity,
            own,
            *[ctx.now()] * 2,
            *ids,
        )
    names = ("id", "variant_id", "location_id", "merchant_id", "organisation_id", "updated_at")
    await announce_changed(
        ctx, [ChangedLevel(**{name: level[name] for name in names}) for level in levels]
    )
