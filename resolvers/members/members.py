"""Members: who may see whom."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.members.members import Member
from resolvers.context import Context
from resolvers.permissions import for_anyone, scoped


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Member]:
    """The members with these IDs: the caller themself, or those in the territory of staff."""
    query = scoped(Member.all(), ctx, Permission.MEMBER_READ, "merchant")
    found = {member.id: member for member in await query.filter(id__in=ids)}
    if ctx.member_id in ids:
        found[ctx.member_id] = await Member.get(id=ctx.member_id)
    return found
