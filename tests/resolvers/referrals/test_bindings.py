"""Binding: one upline, one home, never a cycle, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from models.accounts.roles import Role
from models.database import fetch
from models.errors import NotFound, ReferralCycle, ReferralLocked
from models.members.members import Member
from models.referrals.bindings import BindingKind, ReferralBinding
from models.referrals.commissions import Commission, CommissionPlan
from models.referrals.rules import CommissionKind, CommissionStatus
from resolvers.context import Context
from resolvers.referrals import binding, trees
from tests.make import members as make


async def uplines(*members: Member) -> dict[int, int | None]:
    rows = await ReferralBinding.filter(open_key__in=[each.id for each in members])
    return {row.member_id: row.upline_id for row in rows if row.kind is BindingKind.UPLINE}


async def test_a_members_token_binds_below_them_and_nowhere_else(ctx: Context) -> None:
    upper, lower = await make.chain(ctx, 2)
    await lower.refresh_from_db()
    assert await uplines(lower) == {lower.id: upper.id}
    assert (lower.guide_id, lower.home_store_id) == (None, None)
    assert await trees.ancestors_of(ctx, [lower.id, upper.id]) == {
        lower.id: [upper.id],
        upper.id: [],
    }


async def test_the_same_token_again_changes_nothing(ctx: Context) -> None:
    upper, lower = await make.chain(ctx, 2)
    await make.bind(ctx, lower, upper.referral_token)
    assert await ReferralBinding.all().count() == 1


async def test_an_unknown_token_is_refused(ctx: Context) -> None:
    lower = await make.member(ctx)
    for token in ("", "nobody", "x" * 33, "\0", "令牌", "' OR 1=1"):
        with pytest.raises(NotFound):
            await make.bind(ctx, lower, token)
    assert await ReferralBinding.all().count() == 0


async def test_nobody_stands_below_themself_or_below_somebody_below_them(ctx: Context) -> None:
    members = await make.chain(ctx, 4)
    for lower in members:
        with pytest.raises(ReferralCycle):
            await make.bind(ctx, members[0], lower.referral_token)
    assert await uplines(members[0]) == {}


async def test_an_upline_is_for_life_unless_the_plan_says_else(ctx: Context) -> None:
    lower = (await make.chain(ctx, 2))[1]
    other = await make.member(ctx)
    later = make.at(ctx, ctx.now() + timedelta(days=36_500))
    with pytest.raises(ReferralLocked):
        await make.bind(later, lower, other.referral_token)


@pytest.mark.parametrize(
    ("binding_days", "protected_days", "after_days", "taken_over"),
    [
        (None, 30, 29, False),
        (None, 30, 30, True),
        (90, None, 89, False),
        (90, None, 90, True),
        (90, 30, 29, False),
        (90, 30, 31, True),
        (None, 0, 0, True),
    ],
)
async def test_another_link_takes_over_when_the_protection_has_passed(
    ctx: Context,
    binding_days: int | None,
    protected_days: int | None,
    after_days: int,
    taken_over: bool,
) -> None:
    await CommissionPlan.create(
        organisation_id=ctx.merchant_id, binding_days=binding_days, protected_days=protected_days
    )
    began = make.at(ctx, ctx.now())
    upper, lower = await make.chain(began, 2)
    other = await make.member(ctx)
    later = make.at(ctx, began.now() + timedelta(days=after_days))
    if taken_over:
        await make.bind(later, lower, other.referral_token)
        history = await ReferralBinding.filter(member_id=lower.id).order_by("id")
        assert [row.upline_id for row in history] == [upper.id, other.id]
        assert [row.open_key for row in history] == [None, lower.id]
        assert history[0].ended_at == began.now() + timedelta(days=after_days)
    else:
        with pytest.raises(ReferralLocked):
            await make.bind(later, lower, other.referral_token)
        assert await uplines(lower) == {lower.id: upper.id}


async def test_an_upline_for_a_time_stops_counting_when_it_runs_out_swept_or_not(
    ctx: Context,
) -> None:
    await CommissionPlan.create(organisation_id=ctx.merchant_id, binding_days=10)
    upper, middle, lower = await make.chain(ctx, 3)
    just_before = make.at(ctx, ctx.now() + timedelta(days=9))
    after = make.at(ctx, ctx.now() + timedelta(days=11))
    assert (await trees.ancestors_of(just_before, [lower.id]))[lower.id] == [middle.id, upper.id]
    assert (await trees.ancestors_of(after, [lower.id]))[lower.id] == []
    with pytest.raises(ReferralCycle):  # the edge still stands: closing a ring over it is refused
        await make.bind(after, upper, lower.referral_token)
    assert await binding.end_due(just_before) == 0
    assert await binding.end_due(after) == 2
    await make.bind(after, upper, lower.referral_token)
    assert (await trees.ancestors_of(after, [upper.id]))[upper.id] == [lower.id]


async def test_two_who_bind_to_each_other_at_once_close_no_cycle(ctx: Context) -> None:
    for _ in range(8):
        a, b = await make.member(ctx), await make.member(ctx)
        outcomes = await asyncio.gather(
            make.bind(ctx, a, b.referral_token),
            make.bind(ctx, b, a.referral_token),
            return_exceptions=True,
        )
        assert sorted(isinstance(each, ReferralCycle) for each in outcomes) == [False, True]
        assert len(await uplines(a, b)) == 1


async def test_rings_of_three_bound_at_once_stay_open(ctx: Context) -> None:
    for _ in range(6):
        ring = [await make.member(ctx) for _ in range(3)]
        outcomes = await asyncio.gather(
            *(
                make.bind(ctx, lower, ring[place - 1].referral_token)
                for place, lower in enumerate(ring)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(each, ReferralCycle) for each in outcomes) == 1
        assert sum(isinstance(each, Member) for each in outcomes) == 2
        bound = await uplines(*ring)
        root = next(each.id for each in ring if each.id not in bound)
        assert {root, *bound.values()} < {each.id for each in ring}


async def test_one_member_bound_by_many_at_once_has_one_upline(ctx: Context) -> None:
    lower = await make.member(ctx)
    others = [await make.member(ctx) for _ in range(6)]
    outcomes = await asyncio.gather(
        *(make.bind(ctx, lower, each.referral_token) for each in others), return_exceptions=True
    )
    assert sum(isinstance(each, ReferralLocked) for each in outcomes) == 5
    assert len(await uplines(lower)) == 1


async def test_a_chain_of_hundreds_is_walked_and_no_ring_is_closed_over_it(ctx: Context) -> None:
    members = await make.chain(ctx, 300)
    above = (await trees.ancestors_of(ctx, [members[-1].id]))[members[-1].id]
    assert above == [each.id for each in members[-2::-1]]
    assert await trees.depths_of(ctx, [members[-1].id, members[1].id]) == {
        members[-1].id: 299,
        members[1].id: 1,
    }
    with pytest.raises(ReferralCycle):
        await make.bind(ctx, members[0], members[-1].referral_token)


async def test_a_guides_link_binds_to_guide_and_store_and_pays_the_bounty_once(
    ctx: Context,
) -> None:
    await CommissionPlan.create(
        organisation_id=ctx.merchant_id, guide_registration_bounty_minor=500, freeze_days=7
    )
    place = await make.store(ctx)
    guide = await make.staff(place.organisation_id, Role.GUIDE)
    link = await make.link(ctx, guide, place)
    newcomer = await make.enter_through(ctx, await make.member(ctx), link.token)
    assert (newcomer.guide_id, newcomer.home_store_id) == (guide.id, place.id)
    await make.enter_through(ctx, newcomer, link.token)
    old = await make.member(ctx)
    assert (await make.bind(ctx, old, link.token)).guide_id == guide.id
    [bounty] = await Commission.all()
    assert (bounty.kind, bounty.status) == (
        CommissionKind.GUIDE_REGISTRATION,
        CommissionStatus.FROZEN,
    )
    assert (bounty.staff_id, bounty.amount_minor, bounty.order_id) == (guide.id, 500, None)
    assert await uplines(newcomer) == {}


async def test_a_stores_link_binds_to_the_store_alone_and_no_bounty_is_paid(ctx: Context) -> None:
    await CommissionPlan.create(
        organisation_id=ctx.merchant_id, guide_registration_bounty_minor=500
    )
    place = await make.store(ctx)
    manager = await make.staff(place.organisation_id, Role.MANAGER)
    newcomer = await make.enter_through(
        ctx, await make.member(ctx), (await make.link(ctx, manager, place)).token
    )
    assert (newcomer.guide_id, newcomer.home_store_id) == (None, place.id)
    assert await Commission.all().count() == 0


async def test_a_guide_who_has_left_binds_to_the_store_alone(ctx: Context) -> None:
    place = await make.store(ctx)
    guide = await make.staff(place.organisation_id, Role.GUIDE)
    guide.active = False
    await guide.save()
    link = await make.link(ctx, guide, place)
    newcomer = await make.enter_through(ctx, await make.member(ctx), link.token)
    assert (newcomer.guide_id, newcomer.home_store_id) == (None, place.id)


async def test_a_link_of_hq_binds_to_nobody(ctx: Context) -> None:
    marketer = await make.staff(ctx.merchant_id or 0, Role.MARKETER)
    link = await make.link(ctx, marketer, None)
    assert (await make.bind(ctx, await make.member(ctx), link.token)).home_store_id is None
    assert await ReferralBinding.filter(open_key__isnull=False).count() == 0


async def test_home_and_upline_stand_side_by_side(ctx: Context) -> None:
    """She came through a guide's code and has an upline; neither shuts the other out."""
    place = await make.store(ctx)
    guide = await make.staff(place.organisation_id, Role.GUIDE)
    link = await make.link(ctx, guide, place)
    upper, lower = await make.chain(ctx, 2)
    assert (await make.bind(ctx, lower, link.token)).guide_id == guide.id
    assert await uplines(lower) == {lower.id: upper.id}
    other_place = await make.store(ctx)
    other = await make.staff(other_place.organisation_id, Role.GUIDE)
    with pytest.raises(ReferralLocked):
        await make.bind(ctx, lower, (await make.link(ctx, other, other_place)).token)
    await lower.refresh_from_db()
    assert lower.guide_id == guide.id


async def test_a_token_of_another_merchant_is_unknown(ctx: Context) -> None:
    lower, other = await make.member(ctx), await make.member(ctx)
    place = await make.store(ctx)
    await Member.filter(id=other.id).update(merchant_id=place.organisation_id)
    with pytest.raises(NotFound):
        await make.bind(ctx, lower, other.referral_token)


async def test_the_database_itself_refuses_a_second_open_upline(ctx: Context) -> None:
    rows = await fetch("SELECT COUNT(*) AS n FROM referral_tree_lock")
    assert rows[0]["n"] == 0
    upper, lower = await make.chain(ctx, 2)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ReferralBinding.create(
            kind=BindingKind.UPLINE,
            member_id=lower.id,
            upline_id=upper.id,
            through="MEMBER",
            open_key=lower.id,
        )
