"""The caller's rights on purchase orders and supplier returns, and locking them for a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from models.accounts.roles import Permission
from models.errors import Forbidden, NotFound
from models.stock.documents.purchase_rules import (
    PurchaseAction,
    PurchaseRights,
    may_purchase,
    purchase_actions,
)
from models.stock.documents.purchases import PurchaseOrder, SupplierReturn
from resolvers.context import Context
from resolvers.permissions import may
from resolvers.stock.documents import steps
from resolvers.stock.documents.documents import paths_of
from resolvers.stock.documents.kinds import DocumentKind, kind_of

Document = PurchaseOrder | SupplierReturn
B = TypeVar("B", PurchaseOrder, SupplierReturn)


async def actions_of(ctx: Context, documents: Sequence[Document]) -> list[list[PurchaseAction]]:
    """Return the actions that the caller may perform on each document."""
    four_eyes = ctx.settings.purchase_four_eyes
    return [
        purchase_actions(kind_of(each).transitions, each.status, rights, four_eyes=four_eyes)
        for each, rights in zip(documents, await _rights_of(ctx, documents), strict=True)
    ]


async def locked(
    ctx: Context, kind: DocumentKind[B, Any], row_id: int, action: PurchaseAction, missing: NotFound
) -> B:
    """Lock a document for an action that the caller may perform, and fetch its location.

    Raises: `missing` outside the caller's territory, StateConflict, Forbidden.
    """
    document = await steps.locked(ctx, kind, row_id, action, missing)
    (rights,) = await _rights_of(ctx, [document])
    if may_purchase(action, rights, four_eyes=ctx.settings.purchase_four_eyes):
        return document
    if action is PurchaseAction.APPROVE and rights.approves:
        raise Forbidden("The creator of a document cannot approve it.")
    raise Forbidden("You may not do this with the document.")


async def _rights_of(ctx: Context, documents: Sequence[Document]) -> list[PurchaseRights]:
    paths = await paths_of({each.stock_location_id for each in documents})
    return [_rights(ctx, each, paths[each.stock_location_id]) for each in documents]


def _rights(ctx: Context, document: Document, path: str) -> PurchaseRights:
    author = (document.created_by_kind, document.created_by_id)
    return PurchaseRights(
        created=ctx.actor.id is not None and author == (ctx.actor.kind, ctx.actor.id),
        writes=may(ctx, Permission.PURCHASE_WRITE, path),
        approves=may(ctx, Permission.PURCHASE_APPROVE, path),
        handles=may(ctx, Permission.PURCHASE_RECEIVE, path),
    )
