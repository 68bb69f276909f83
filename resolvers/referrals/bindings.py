"""Where members stand in the referral tree, and who may know it."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import PermissionDenied
from models.members.members import Member
from models.referrals.bindings import BindingKind, ReferralBinding
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.members import visibility
from resolvers.members.members import change_of
from resolvers.permissions import for_anyone, for_members
from resolvers.referrals import trees


@for_anyone
async def bindings_of(
    ctx: Context, members: Sequence[Member]
) -> list[ReferralBinding | PermissionDenied | None]:
    """Each member's binding to their upline, if there is one in force, in the order of `members`.

    Members know their own referrals, staff with COMMISSION_READ those of their territory; for anybody
    else's the refusal stands in its place.
    """
    held = await visibility.held_over(ctx, Permission.COMMISSION_READ, members)
    allowed = {each.id for each in members if each.id in held or each.id == ctx.member_id}
    rows = await ReferralBinding.filter(open_key__in=allowed, kind=BindingKind.UPLINE)
    found = {row.member_id: row for row in rows if row.ended_at is None or row.ended_at > ctx.now()}
    denied = PermissionDenied("Only the member can see these referrals.")
    return [found.get(each.id) if each.id in allowed else denied for each in members]


@for_anyone
async def uplines_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Member]:
    """Those among the members with these IDs who stand above the caller: their names are known below."""
    if ctx.member_id is None or not set(ids) - {ctx.member_id}:
        return {}
    above = (await trees.ancestors_of(ctx, [ctx.member_id]))[ctx.member_id]
    return {each.id: each for each in await Member.filter(id__in=set(ids).intersection(above))}


async def rows_by_ids(ids: Sequence[int]) -> dict[int, Member]:
    """Members of the tree, to be shown with the little that the tree shows of them."""
    return {each.id: each for each in await Member.filter(id__in=set(ids))} if ids else {}


@for_members
async def apply_as_distributor(ctx: Context) -> Member:
    """From now on the caller earns; what was paid before stays as it was."""
    return await transaction(_apply, ctx)


async def _apply(ctx: Context) -> Member:
    member = await Member.select_for_update().get(id=ctx.member_id)
    if not member.distributor:
        member.distributor = True
        await member.save(update_fields=["distributor"])
        await announce(ctx, [change_of(member)])
    return member
