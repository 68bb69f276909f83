"""Whom a member of staff manages, and who may do no more than they."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import ROLE_PERMISSIONS, Permission
from models.accounts.staff import StaffGrant
from resolvers.context import Context
from resolvers.permissions import may


async def manages(ctx: Context, staff_ids: Sequence[int]) -> set[int]:
    """Those of `staff_ids` who have a role somewhere that the caller manages staff."""
    if Permission.STAFF_WRITE not in ctx.actor.permissions:
        return set()
    grants = await StaffGrant.filter(staff_id__in=set(staff_ids)).prefetch_related("organisation")
    return {
        grant.staff_id
        for grant in grants
        if may(ctx, Permission.STAFF_WRITE, grant.organisation.path)
    }


async def outranks(ctx: Context, staff_id: int) -> bool:
    """Whether the caller manages staff wherever this one has a role, and may do all that they may there."""
    if Permission.STAFF_WRITE not in ctx.actor.permissions:
        return False
    grants = await StaffGrant.filter(staff_id=staff_id).prefetch_related("organisation")
    return bool(grants) and all(
        may(ctx, each, grant.organisation.path)
        for grant in grants
        for each in (Permission.STAFF_WRITE, *ROLE_PERMISSIONS[grant.role])
    )
