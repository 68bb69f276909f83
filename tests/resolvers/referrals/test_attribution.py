"""Whom a sale counts for."""

from __future__ import annotations

import pytest

from models.accounts.roles import Role
from models.database import transaction
from models.members.members import Member
from models.referrals.rules import ShareTarget
from models.referrals.share_links import ShareLink
from resolvers.context import Context
from resolvers.referrals.attribution import Attribution, buyer_of, count, decide
from tests.make import members as make


async def decided(
    ctx: Context,
    member: Member | None,
    token: str | None = None,
    counter_store_id: int | None = None,
) -> Attribution:
    buyer = await buyer_of(ctx, member.id if member else None)
    found = await decide(ctx, buyer, token, counter_store_id)
    await transaction(count, [found.share_link_id] if found.share_link_id else [])
    return found


async def test_a_sale_to_nobody_known_counts_for_the_counter(ctx: Context) -> None:
    counter = await make.store(ctx)
    assert await decided(ctx, None, None, counter.id) == Attribution(store_id=counter.id)
    assert await decided(ctx, None) == Attribution()


async def test_a_members_own_guide_and_store_win_over_link_and_counter(ctx: Context) -> None:
    home, other, counter = [await make.store(ctx) for _ in range(3)]
    guide = await make.staff(home.organisation_id, Role.GUIDE)
    rival = await make.staff(other.organisation_id, Role.GUIDE)
    member = await make.enter_through(
        ctx, await make.member(ctx), (await make.link(ctx, guide, home)).token
    )
    link = await make.link(ctx, rival, other)
    assert await decided(ctx, member, link.token, counter.id) == Attribution(
        store_id=home.id, guide_id=guide.id, share_link_id=link.id
    )
    await link.refresh_from_db()
    assert link.orders == 1


async def test_a_visitor_counts_for_the_guide_whose_link_they_came_through(ctx: Context) -> None:
    place, counter = await make.store(ctx), await make.store(ctx)
    guide = await make.staff(place.organisation_id, Role.GUIDE)
    link = await make.link(ctx, guide, place)
    assert await decided(ctx, None, link.token, counter.id) == Attribution(
        store_id=place.id, guide_id=guide.id, share_link_id=link.id
    )


async def test_the_referrer_is_the_upline_else_whoever_shared(ctx: Context) -> None:
    upper, lower = await make.chain(ctx, 2)
    sharer = await make.member(ctx)
    link = await ShareLink.create(
        merchant_id=ctx.merchant_id, token="shared", target=ShareTarget.HOME, member_id=sharer.id
    )
    assert (await decided(ctx, lower, "shared")).referrer_id == upper.id
    assert (await decided(ctx, upper, "shared")).referrer_id == sharer.id
    assert (await decided(ctx, None, sharer.referral_token)).referrer_id == sharer.id
    assert (await decided(ctx, sharer, "shared")).referrer_id is None
    await link.refresh_from_db()
    assert link.orders == 3


@pytest.mark.parametrize("token", ["nobody", "\0", "x" * 5000, "令牌"])
async def test_a_token_that_stands_for_nobody_refuses_no_sale(ctx: Context, token: str) -> None:
    assert await decided(ctx, await make.member(ctx), token) == Attribution()
