"""Stores and warehouses as an ERP keeps them: added or changed by their codes, up to 500 at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.stores.locations import Location, LocationKind, StoreService
from models.tables.bulk import assign, update_all
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    RowOutcome,
    lock_node,
    may_apply,
    refuse_duplicates,
    run_batch,
)
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stores.checking import check_store
from resolvers.stores.drafts import StoreDraft
from resolvers.stores.placing import Tree, place, read_tree, save_moves, save_nodes
from resolvers.validation import rows_of

_SERVICES = {
    LocationKind.STORE: [StoreService.PICKUP, StoreService.DELIVERY, StoreService.CARRY_OUT],
    LocationKind.WAREHOUSE: [StoreService.DELIVERY],
}


@dataclass(slots=True)
class StoreRow:
    """One row of the batch: its columns, its node and, once planned, its location."""

    index: int
    draft: StoreDraft
    faults: Faults
    columns: dict[str, Any]
    node: Organisation | None = None


@requires(Permission.STORE_WRITE)
async def upsert(
    ctx: Context,
    drafts: Sequence[StoreDraft],
    on_error: OnError = OnError.REJECT_ALL,
    dry_run: bool = False,
) -> BatchOutcome:
    """Add or change stores and warehouses by code; the same again changes nothing.

    Each has a node of its own in the organisation tree; another `organisation_code` moves it there, which
    needs ORGANISATION_WRITE at both places. Faults are in the outcome, by row.

    Raises: InvalidInput for no rows or more than 500.
    """
    rows_of(drafts, "stores")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(ctx: Context, drafts: Sequence[StoreDraft], on_error: OnError) -> BatchOutcome:
    await _take_turns()
    rows = [_checked(index, draft) for index, draft in enumerate(drafts)]
    codes = [(row.draft.code, row.faults, ("code",)) for row in rows]
    refuse_duplicates(codes, "The code {code} stands in the batch twice.")
    tree = await read_tree(ctx, drafts)
    for row in rows:
        row.node = row.faults.check(place, ctx, row.draft, tree)
        for conflict in tree.conflicts.get(row.draft.code, ()):
            row.faults.add(conflict)
    outcomes = [RowOutcome(row.index, row.draft.code, tuple(row.faults.found)) for row in rows]
    if not may_apply(on_error, [row.faults for row in rows]):
        return BatchOutcome(outcomes, rejected=True)
    new, changed = await _save(ctx, [row for row in rows if not row.faults], tree)
    await announce(ctx, [_change(location) for location in (*new, *changed)])
    return BatchOutcome(outcomes, created=len(new), updated=len(changed))


async def _save(
    ctx: Context, rows: Sequence[StoreRow], tree: Tree
) -> tuple[list[Location], list[Location]]:
    """Write what is new and what differs; answers both."""
    nodes = [row.node for row in rows if row.node]
    await save_nodes([node for node in nodes if node.pk is None])
    await save_moves(tree, nodes)
    new, changed, differing = [], [], []
    for row, node in zip(rows, nodes, strict=True):
        location = tree.locations.get(row.draft.code)
        columns = _columns(row, tree.kind_of(row.draft), location)
        if location is None:
            new.append(_new_location(ctx, row.draft.code, node, columns))
        elif assign(location, **columns) or node.id in tree.moved:
            location.updated_at = ctx.now()
            changed.append(location)
        if assign(node, name=row.columns["name"]) or node.id in tree.rekinded:
            differing.append(node)
    await Location.bulk_create(new)
    await update_all(changed, (*_LOCATION_COLUMNS, "updated_at"))
    await update_all(differing, ("name", "kind"))
    codes = [location.code for location in new]
    return await Location.filter(code__in=codes).order_by("id") if codes else [], changed


def _columns(row: StoreRow, kind: LocationKind, location: Location | None) -> dict[str, Any]:
    """What the row gives; what is new or changes its kind offers what its kind does unless told."""
    if location and location.kind is kind:
        return row.columns
    return {"kind": kind, "services": [str(each) for each in _SERVICES[kind]], **row.columns}


def _new_location(ctx: Context, code: str, node: Organisation, columns: dict[str, Any]) -> Location:
    return Location(
        code=code,
        merchant_id=node.merchant_key,
        organisation_id=node.id,
        timezone=ctx.settings.timezone,
        **columns,
    )


_LOCATION_COLUMNS = (
    "kind", "name", "active", "phone", "address", "city", "latitude", "longitude", "coordinate_system",
    "latitude_wgs84", "longitude_wgs84", "services", "hours", "search_text",
    "delivery_radius_metres",
)  # fmt: skip


async def _take_turns() -> None:
    """Codes of stores are unique across merchants, so all batches of stores wait for each other."""
    platform = await Organisation.filter(kind=OrganisationKind.PLATFORM).first()
    await lock_node(platform.id if platform else None)


def _checked(index: int, draft: StoreDraft) -> StoreRow:
    faults = Faults(("stores", index))
    return StoreRow(index, draft, faults, check_store(draft, faults))


def _change(location: Location) -> Change:
    return Change(
        topic="store.changed",
        node_type="Store" if location.kind is LocationKind.STORE else "Warehouse",
        node_id=location.id,
        merchant_id=location.merchant_id,
        organisation_id=location.organisation_id,
        location_id=location.id,
    )
