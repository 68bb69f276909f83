"""Whose goods are written, one batch at a time."""

from __future__ import annotations

from models.accounts.roles import Permission
from models.errors import NotFound, PermissionDenied
from resolvers.bulk_rows import lock_node
from resolvers.context import Context
from resolvers.permissions import may


async def locked_merchant(ctx: Context, needed: Permission = Permission.CATALOG_WRITE) -> int:
    """The merchant whose catalogue this is, locked: two batches at once take turns.

    Raises: PermissionDenied where the caller may not do what is `needed`, as for somebody else's.
    """
    merchant = await lock_node(ctx.merchant_id)
    if merchant is None:
        raise NotFound("There is no merchant yet.")
    if not may(ctx, needed, merchant.path):
        raise PermissionDenied("This needs the permission {permission}.", permission=needed)
    return merchant.id
