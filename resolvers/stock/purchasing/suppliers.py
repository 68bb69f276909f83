"""Suppliers: reading them, upserts by code, and creation by a first purchase order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.accounts.organisations import Organisation
from models.accounts.roles import Permission
from models.errors import InvalidInput, NotFound
from models.stock.documents.purchases import Supplier
from models.tables.bulk import assign, columns_of, save_changed
from resolvers.background.outbox import Change, announce
from resolvers.bulk_rows import (
    KEEP,
    BatchOutcome,
    Faults,
    OnError,
    Unset,
    lock_node,
    may_apply,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.sql_pagination import kept
from resolvers.tallies import QueryTally
from resolvers.validation import code_of, contact_phone_of, line_of, rows_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierQuery:
    """The filter of a list; None does not restrict it."""

    search: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierDraft:
    """A supplier by its code. KEEP leaves a field unchanged."""

    code: str
    name: str
    contact: str | Unset | None = KEEP
    phone: str | Unset | None = KEEP
    active: bool | None = None


@requires(Permission.PURCHASE_WRITE)
async def upsert(
    ctx: Context, drafts: Sequence[SupplierDraft], on_error: OnError, dry_run: bool = False
) -> BatchOutcome:
    """Create or update suppliers of the merchant by code. Repeating the batch changes nothing.

    Raises: InvalidInput for an empty or oversized batch, NotFound without a merchant to write for.
    """
    rows_of(drafts, "suppliers")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Supplier]:
    """Return those of the suppliers that the caller may read."""
    return {row.id: row for row in await _visible(ctx).filter(id__in=set(ids))}


async def of_documents(ids: Sequence[int]) -> dict[int, Supplier]:
    """Return the suppliers of documents that the caller may read."""
    return await Supplier.filter(id__in=set(ids)).in_bulk(sorted(set(ids)), "id")


@requires(Permission.PURCHASE_READ)
async def get(ctx: Context, code: str) -> Supplier | None:
    return await _visible(ctx).filter(merchant_id=ctx.merchant_id, code=kept(code)).first()


@requires(Permission.PURCHASE_READ)
async def page(ctx: Context, wanted: SupplierQuery, request: PageRequest) -> Page[Supplier]:
    """Return a page of the merchant's suppliers that match the filter, by code. Raises: InvalidInput."""
    tie = f"suppliers {wanted}"
    return await paginate(_wanted(ctx, wanted), request, ("code", "id"), tie)


@requires(Permission.PURCHASE_READ)
async def tally(ctx: Context, wanted: SupplierQuery) -> QueryTally[Supplier]:
    """Return the count of the whole list."""
    query = _wanted(ctx, wanted)
    return QueryTally(query, query)


async def ensure(ctx: Context, merchant_id: int, code: str, name: str | None) -> Supplier:
    """Return the merchant's supplier with this code, created if there is none; `name` defaults to the code.

    Raises: InvalidInput for an inactive supplier.
    """
    wanted = Supplier.filter(merchant_id=merchant_id, code=code)
    if not await wanted.exists():
        await lock_node(merchant_id)  # of two concurrent calls the second finds the first's row
    found = await wanted.first()
    if found is None:
        found = await Supplier.create(merchant_id=merchant_id, code=code, name=name or code)
        await announce(ctx, [_change(found)])
    if not found.active:
        raise InvalidInput("{code} is closed.", path=("supplierCode",), code=code)
    return found


async def _upsert(ctx: Context, drafts: Sequence[SupplierDraft], on_error: OnError) -> BatchOutcome:
    merchants = scoped(Organisation.all(), ctx, Permission.PURCHASE_WRITE, "")
    if ctx.merchant_id is None or not await merchants.filter(id=ctx.merchant_id).exists():
        raise NotFound("There is no merchant here that is yours.", path=("suppliers",))
    await lock_node(ctx.merchant_id)
    faults = [Faults(("suppliers", index)) for index in range(len(drafts))]
    columns = [_checked(draft, each) for draft, each in zip(drafts, faults, strict=True)]
    claims = [(draft.code, each, ("code",)) for draft, each in zip(drafts, faults, strict=True)]
    refuse_duplicates(claims, "{code} is in this batch twice.")
    outcomes = outcomes_of((draft.code, each) for draft, each in zip(drafts, faults, strict=True))
    if not may_apply(on_error, faults):
        return BatchOutcome(outcomes, rejected=True)
    sound = [each for each, fault in zip(columns, faults, strict=True) if not fault]
    created, updated = await _save(ctx, ctx.merchant_id, sound)
    await announce(ctx, [_change(each) for each in (*created, *updated)])
    return BatchOutcome(outcomes, created=len(created), updated=len(updated))


async def _save(
    ctx: Context, merchant_id: int, rows: Sequence[dict[str, Any]]
) -> tuple[list[Supplier], list[Supplier]]:
    """Save new and changed suppliers. Return the created and the updated ones."""
    codes = [row["code"] for row in rows]
    known = {
        each.code: each for each in await Supplier.filter(merchant_id=merchant_id, code__in=codes)
    }
    created, updated = [], []
    for columns in rows:
        supplier = known.get(columns["code"])
        if supplier is None:
            supplier = Supplier(merchant_id=merchant_id)
            assign(supplier, **columns)
            await supplier.save(force_create=True)
            created.append(supplier)
            continue
        before = columns_of(supplier)
        if assign(supplier, **columns):
            await save_changed(supplier, before)
            updated.append(supplier)
    return created, updated


def _checked(draft: SupplierDraft, faults: Faults) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "code": faults.check(code_of, draft.code, "code"),
        "name": faults.check(line_of, draft.name, "name", 200),
    }
    if not isinstance(draft.contact, Unset):
        columns["contact"] = draft.contact and faults.check(line_of, draft.contact, "contact", 200)
    if not isinstance(draft.phone, Unset):
        columns["phone"] = draft.phone and faults.check(contact_phone_of, draft.phone, "phone")
    if draft.active is not None:
        columns["active"] = draft.active
    return columns


def _wanted(ctx: Context, wanted: SupplierQuery) -> QuerySet[Supplier]:
    query = _visible(ctx).filter(merchant_id=ctx.merchant_id)
    if wanted.search is not None:
        text = text_of(wanted.search, ("filter", "search"), 64)
        query = query.filter(Q(name__icontains=text) | Q(code__icontains=text))
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    return query


def _visible(ctx: Context) -> QuerySet[Supplier]:
    """Return the suppliers of merchants above or below a node where the caller may read purchases."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return Supplier.all()
    reachable = [Q(id=-1)]
    for grant in ctx.actor.grants:
        if Permission.PURCHASE_READ in grant.permissions:
            above = [int(node) for node in grant.path.strip("/").split("/")]
            reachable += [Q(merchant_id__in=above), Q(merchant__path__startswith=grant.path)]
    return Supplier.filter(Q(*reachable, join_type="OR"))


def _change(supplier: Supplier) -> Change:
    return Change(
        topic="supplier.changed",
        node_type="Supplier",
        node_id=supplier.id,
        merchant_id=supplier.merchant_id,
    )
