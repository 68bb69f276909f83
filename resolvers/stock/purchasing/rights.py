"""The caller's rights on purchase orders and supplier returns."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.errors import Forbidden
from models.stock.documents.purchase_rules import PurchaseAction, PurchaseRights, may_purchase
from models.stock.documents.purchases import PurchaseOrder, SupplierReturn
from resolvers.context import Context
from resolvers.permissions import may
from resolvers.stock.documents.documents import paths_of

Document = PurchaseOrder | SupplierReturn


async def rights_of(ctx: Context, documents: Sequence[Document]) -> list[PurchaseRights]:
    """Return the caller's rights on each document."""
    paths = await paths_of({each.stock_location_id for each in documents})
    return [_rights(ctx, each, paths[each.stock_location_id]) for each in documents]


async def check(ctx: Context, document: Document, action: PurchaseAction) -> None:
    """Raise Forbidden unless the caller's rights permit the action."""
    (rights,) = await rights_of(ctx, [document])
    if may_purchase(action, rights, four_eyes=ctx.settings.purchase_four_eyes):
        return
    if action is PurchaseAction.APPROVE and rights.approves:
        raise Forbidden("The creator of a document cannot approve it.")
    raise Forbidden("You may not do this with the document.")


def _rights(ctx: Context, document: Document, path: str) -> PurchaseRights:
    author = (document.created_by_kind, document.created_by_id)
    return PurchaseRights(
        created=ctx.actor.id is not None and author == (ctx.actor.kind, ctx.actor.id),
        writes=may(ctx, Permission.PURCHASE_WRITE, path),
        approves=may(ctx, Permission.PURCHASE_APPROVE, path),
        handles=may(ctx, Permission.PURCHASE_RECEIVE, path),
    )
