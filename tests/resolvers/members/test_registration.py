"""One member for one phone, however many sign in at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from models.accounts.channels import Channel
from models.accounts.roles import Role
from models.accounts.sessions import Session, SubjectKind
from models.database import transaction
from models.members.cards import CardKind, CardStatus, MemberCard
from models.members.members import Member, Tier
from models.members.numbers import is_valid_card_number
from models.outbox import OutboxEvent
from models.referrals.bindings import ReferralBinding
from resolvers.context import Context
from resolvers.referrals.sign_in import enter
from tests.make import members as make

PHONE = "+8613900000001"


async def signed_in(ctx: Context, token: str | None = None, name: str | None = "王小明") -> Member:
    _, member, _ = await transaction(enter, ctx, PHONE, name, token)
    return member


async def test_a_new_member_has_number_tier_card_and_token(ctx: Context) -> None:
    tokens, member, is_new = await transaction(
        enter, replace(ctx, channel=Channel.WECHAT), PHONE, "王小明", None
    )
    assert is_new
    assert tokens.access_token
    assert (member.phone, member.name, member.joined_via) == (PHONE, "王小明", Channel.WECHAT)
    assert member.number.startswith("M")
    assert len(member.referral_token) <= 32
    tier = await Tier.get(id=member.tier_id)
    assert (tier.code, tier.level) == ("BASIC", 0)
    card = await MemberCard.get(member_id=member.id)
    assert (card.kind, card.status) == (CardKind.VIRTUAL, CardStatus.ACTIVE)
    assert is_valid_card_number(card.number)
    session = await Session.get(subject_id=member.id)
    assert session.kind is SubjectKind.MEMBER
    event = await OutboxEvent.get(topic="member.changed")
    assert (event.node_id, event.subject) == (member.id, f"MEMBER:{member.id}")


async def test_many_first_sign_ins_at_once_make_one_member(ctx: Context) -> None:
    members = await asyncio.gather(*(signed_in(ctx) for _ in range(8)))
    assert {member.id for member in members} == {members[0].id}
    assert await Member.all().count() == 1
    assert await MemberCard.all().count() == 1
    assert await Tier.all().count() == 1
    assert await Session.all().count() == 8


async def test_signing_in_again_keeps_the_name(ctx: Context) -> None:
    first = await signed_in(ctx)
    again = await signed_in(ctx, name="Somebody")
    assert (again.id, again.name) == (first.id, "王小明")


async def test_without_a_name_the_masked_phone_stands_for_it(ctx: Context) -> None:
    assert (await signed_in(ctx, name=None)).name == "139****0001"


async def test_a_token_binds_at_sign_in(ctx: Context) -> None:
    upper = await make.member(ctx)
    member = await signed_in(ctx, upper.referral_token)
    assert (await ReferralBinding.get()).upline_id == upper.id
    assert (await ReferralBinding.get()).member_id == member.id


async def test_a_token_that_cannot_bind_stops_nobody_from_signing_in(ctx: Context) -> None:
    member = await signed_in(ctx, "nobody")
    below = await make.member(ctx)
    await make.bind(ctx, below, member.referral_token)
    for token in (member.referral_token, below.referral_token, "\0", "x" * 10_000):
        assert (await signed_in(ctx, token)).id == member.id
    assert [row.member_id for row in await ReferralBinding.all()] == [below.id]


async def test_a_merchant_with_tiers_begins_at_the_lowest(ctx: Context) -> None:
    for code, level in (("GOLD", 2), ("SILVER", 1)):
        await Tier.create(merchant_id=ctx.merchant_id, code=code, name=code, level=level)
    member = await signed_in(ctx)
    assert (await Tier.get(id=member.tier_id)).code == "SILVER"


async def test_a_guides_link_makes_the_newcomer_theirs_at_once(ctx: Context) -> None:
    place = await make.store(ctx)
    guide = await make.staff(place.organisation_id, Role.GUIDE)
    member = await signed_in(ctx, (await make.link(ctx, guide, place)).token)
    stored = await Member.get(id=member.id)
    assert (stored.home_store_id, stored.guide_id) == (place.id, guide.id)
