"""Signing a member out everywhere, as after a phone was stolen."""

from __future__ import annotations

from models.accounts.roles import Permission
from models.accounts.sessions import SubjectKind
from models.database import transaction
from models.errors import NotFound
from models.members.members import Member
from resolvers.accounts.sessions import end_all
from resolvers.context import Context
from resolvers.members import visibility
from resolvers.permissions import requires


@requires(Permission.MEMBER_CONTACT_READ)
async def end_of_member(ctx: Context, member_id: int) -> None:
    """End all sessions of a member over whom the caller holds MEMBER_CONTACT_READ. Raises: NotFound."""
    members = await Member.filter(id=member_id)
    if not await visibility.held_over(ctx, Permission.MEMBER_CONTACT_READ, members):
        raise NotFound("There is no such member.", path=("memberId",))
    await transaction(end_all, ctx, SubjectKind.MEMBER, member_id)
