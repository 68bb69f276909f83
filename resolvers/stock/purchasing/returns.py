"""Supplier returns: reading, permitted actions, locking, and recording changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.errors import InvalidInput, NotFound
from models.stock.documents.purchase_rules import (
    RETURN_TRANSITIONS,
    PurchaseAction,
    SupplierReturnStatus,
    return_actions,
)
from models.stock.documents.purchases import SupplierReturn, SupplierReturnLine
from models.stock.state_machines import next_status
from models.text.codes import number_of
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.documents.documents import announce_document, record
from resolvers.stock.documents.lists import DocumentFilter, page_of
from resolvers.stock.purchasing.rights import check, rights_of

KIND = "SupplierReturn"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, SupplierReturn]:
    """Return those of the supplier returns that the caller may read."""
    return {row.id: row for row in await _visible(SupplierReturn.filter(id__in=set(ids)), ctx)}


@requires(Permission.PURCHASE_READ)
async def get(ctx: Context, return_id: int | None, number: str | None) -> SupplierReturn | None:
    """Return the supplier return with this ID or number, or None if the caller may not read one.

    Raises: InvalidInput unless exactly one of both is given.
    """
    if (return_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    if return_id is not None:
        return await _visible(SupplierReturn.filter(id=return_id), ctx).first()
    numbered = SupplierReturn.filter(merchant_id=ctx.merchant_id, number=number_of(number or ""))
    return await _visible(numbered, ctx).first()


@requires(Permission.PURCHASE_READ)
async def page(ctx: Context, wanted: DocumentFilter, request: PageRequest) -> Page[SupplierReturn]:
    """Return a page of the returns from locations in the caller's territory, the latest first."""
    visible = _visible(SupplierReturn.filter(merchant_id=ctx.merchant_id), ctx)
    return await page_of(visible, ("location_id",), wanted, request)


async def lines_of(
    return_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[SupplierReturnLine]]:
    """Return the lines of supplier returns that the caller may read."""
    return await rows_of_each(SupplierReturnLine, "supplier_return_id", return_ids, cut)


async def actions_of(ctx: Context, returns: Sequence[SupplierReturn]) -> list[list[PurchaseAction]]:
    """Return the actions that the caller may perform on each supplier return."""
    four_eyes = ctx.settings.purchase_four_eyes
    return [
        return_actions(each.status, rights, four_eyes=four_eyes)
        for each, rights in zip(returns, await rights_of(ctx, returns), strict=True)
    ]


async def locked(ctx: Context, return_id: int, action: PurchaseAction) -> SupplierReturn:
    """Lock a supplier return for an action, and fetch its location.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    if not await _visible(SupplierReturn.filter(id=return_id), ctx).exists():
        raise NotFound("There is no such supplier return.", path=("supplierReturnId",))
    found = await SupplierReturn.filter(id=return_id).select_for_update().get()
    await found.fetch_related("location")
    next_status(RETURN_TRANSITIONS, found.status, action)
    await check(ctx, found, action)
    return found


async def set_status(
    ctx: Context,
    found: SupplierReturn,
    to_status: SupplierReturnStatus,
    note: str | None,
    **columns: Any,
) -> None:
    """Set the status of a locked supplier return, record the change and announce it."""
    from_status = found.status
    found.update_from_dict({**columns, "status": to_status})
    await found.save(update_fields=[*columns, "status", "updated_at"])
    await record_change(ctx, found, from_status, note)


async def record_change(
    ctx: Context,
    found: SupplierReturn,
    from_status: SupplierReturnStatus | None,
    note: str | None,
) -> None:
    """Add a saved change to the history, and announce it."""
    document = (KIND, found.id)
    await record(ctx, document, from_status, found.status, note)
    await announce_document(ctx, "supplier_return.changed", document, [found.location])


def _visible(query: QuerySet[SupplierReturn], ctx: Context) -> QuerySet[SupplierReturn]:
    return scoped(query, ctx, Permission.PURCHASE_READ, "location__organisation")
