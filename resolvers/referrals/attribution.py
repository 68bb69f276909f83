"""Whom a sale counts for, fixed when its order is placed."""

from __future__ import annotations

from dataclasses import dataclass

from models.database import execute
from models.members.members import Member
from resolvers.context import Context
from resolvers.referrals import trees
from resolvers.referrals.tokens import Sharer, sharer_of


@dataclass(frozen=True, slots=True)
class Attribution:
    store_id: int | None = None
    guide_id: int | None = None
    referrer_id: int | None = None
    share_link_id: int | None = None


async def decide(
    ctx: Context,
    member_id: int | None,
    referral_token: str | None,
    counter_store_id: int | None,
) -> Attribution:
    """The attribution of an order that is being placed, counted on the link it came through.

    Store and guide are the member's own, wherever they buy and whoever fulfils; else the link's; else
    the counter's store. The referrer is the member's upline, else the member who shared the link. A token
    that stands for nobody is no reason to refuse a sale. Runs inside the caller's transaction.
    """
    member = await Member.get(id=member_id) if member_id is not None else None
    sharer = await sharer_of(ctx.merchant_id, referral_token) if referral_token else None
    if sharer and sharer.share_link_id is not None:
        await execute(
            "UPDATE share_link SET orders = orders + 1 WHERE id = ?", sharer.share_link_id
        )
    store_id, guide_id = _place(member, sharer, counter_store_id)
    return Attribution(
        store_id=store_id,
        guide_id=guide_id,
        referrer_id=await _referrer(ctx, member_id, sharer),
        share_link_id=sharer.share_link_id if sharer else None,
    )


def _place(
    member: Member | None, sharer: Sharer | None, counter_store_id: int | None
) -> tuple[int | None, int | None]:
    if member and (member.home_store_id is not None or member.guide_id is not None):
        return member.home_store_id, member.guide_id
    if sharer and sharer.store_id is not None:
        return sharer.store_id, sharer.guide_id
    return counter_store_id, None


async def _referrer(ctx: Context, member_id: int | None, sharer: Sharer | None) -> int | None:
    if member_id is not None:
        above = await trees.ancestors_of(ctx, [member_id], 1)
        if above[member_id]:
            return above[member_id][0]
    if sharer and sharer.member_id != member_id:
        return sharer.member_id
    return None
