"""A member code is good for a minute and once; a card while it is active."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from models.accounts.organisations import Organisation
from models.accounts.roles import Role
from models.database import fetch
from models.errors import (
    Expired,
    InvalidInput,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    QuintetError,
    RateLimited,
    StateConflict,
)
from models.members.cards import CardStatus, MemberCard, MemberCode
from models.members.members import Member
from models.members.numbers import card_number
from resolvers.context import Actor, Context
from resolvers.members import codes, visibility
from tests.make import members as make


@pytest.fixture
async def member(ctx: Context) -> Member:
    return await make.member(ctx, "王小明")


@pytest.fixture
async def till(ctx: Context) -> Context:
    place = await make.store(ctx)
    return await make.as_staff(ctx, await make.staff(place.organisation_id, Role.CASHIER))


async def test_a_code_identifies_its_member_once(
    ctx: Context, member: Member, till: Context
) -> None:
    issued = await codes.create(make.as_member(ctx, member))
    assert len(issued.code) == 18
    assert issued.code.startswith("88")
    spaced = f" {issued.code[:6]} {issued.code[6:]}"
    assert (await codes.identify(till, spaced)).id == member.id
    with pytest.raises(Expired):
        await codes.identify(till, issued.code)


async def test_of_many_tills_at_once_one_wins(ctx: Context, member: Member, till: Context) -> None:
    issued = await codes.create(make.as_member(ctx, member))
    outcomes = await asyncio.gather(
        *(codes.identify(till, issued.code) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(each, Member) for each in outcomes) == 1
    assert sum(isinstance(each, Expired) for each in outcomes) == 7


async def test_a_stale_code_is_refused_and_a_fresh_one_is_not(
    ctx: Context, member: Member, till: Context
) -> None:
    issued = await codes.create(make.as_member(ctx, member))
    moment = issued.refresh_at
    with pytest.raises(Expired):
        await codes.identify(make.at(till, moment), issued.code)
    just_before = make.at(till, moment - timedelta(milliseconds=1))
    assert (await codes.identify(just_before, issued.code)).id == member.id


async def test_the_code_before_stays_good_for_its_minute(
    ctx: Context, member: Member, till: Context
) -> None:
    first = await codes.create(make.as_member(ctx, member))
    second = await codes.create(make.as_member(ctx, member))
    assert first.code != second.code
    for issued in (first, second):
        assert (await codes.identify(till, issued.code)).id == member.id


async def test_only_a_hash_of_the_code_is_kept_and_not_for_ever(
    ctx: Context, member: Member
) -> None:
    acting = make.as_member(ctx, member)
    issued = await codes.create(acting)
    rows = await fetch("SELECT * FROM member_code")
    assert issued.code not in str(rows)
    await codes.create(make.at(acting, ctx.now() + timedelta(days=2)))
    assert await MemberCode.all().count() == 1


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("880000000000000000", NotFound),
        (card_number("91", 7), NotFound),
        ("", InvalidInput),
        ("88", InvalidInput),
        ("8" * 5000, InvalidInput),
        ("９" * 18, InvalidInput),
        ("\0" * 18, InvalidInput),
        ("9100000000000001", InvalidInput),
        ("' OR 1=1 --", InvalidInput),
    ],
)
async def test_what_is_no_code_is_refused(
    till: Context, code: str, refusal: type[QuintetError]
) -> None:
    with pytest.raises(refusal):
        await codes.identify(till, code)


async def test_a_code_of_another_merchant_is_unknown_and_not_used_up(
    ctx: Context, member: Member, till: Context
) -> None:
    issued = await codes.create(make.as_member(ctx, member))
    foreign = (await make.store(ctx)).organisation_id
    await Member.filter(id=member.id).update(merchant_id=foreign)
    with pytest.raises(NotFound):
        await codes.identify(till, issued.code)
    assert (await MemberCode.get()).used_at is None
    assert await Organisation.filter(id=foreign).exists()


async def test_an_active_card_identifies_again_and_again(
    ctx: Context, member: Member, till: Context
) -> None:
    card = await MemberCard.get(member_id=member.id)
    for _ in range(2):
        assert (await codes.identify(till, card.number)).id == member.id
    card.status = CardStatus.BLOCKED
    await card.save()
    with pytest.raises(StateConflict) as refused:
        await codes.identify(till, card.number)
    assert refused.value.state == "BLOCKED"


async def test_guessing_is_stopped(till: Context) -> None:
    for guess in range(codes.FAILURES_PER_MINUTE):
        with pytest.raises(NotFound):
            await codes.identify(till, f"88{guess:016d}")
    with pytest.raises(RateLimited):
        await codes.identify(till, "880000000000009999")


async def test_parallel_guesses_are_counted_before_they_are_looked_up(till: Context) -> None:
    guesses = (codes.identify(till, f"88{guess:016d}") for guess in range(100))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(each, NotFound) for each in answers) == codes.FAILURES_PER_MINUTE
    assert sum(isinstance(each, RateLimited) for each in answers) == 100 - codes.FAILURES_PER_MINUTE


async def test_a_code_outlives_a_change_of_keys(
    ctx: Context, till: Context, member: Member
) -> None:
    before = replace(ctx.settings, secret_key="o" * 32)
    amid = replace(before, secret_key="n" * 32, previous_secret_keys="o" * 32)
    after = replace(before, secret_key="n" * 32)
    phone = replace(make.as_member(ctx, member), settings=before)
    first, second = await codes.create(phone), await codes.create(phone)
    assert (await codes.identify(replace(till, settings=amid), first.code)).id == member.id
    with pytest.raises(NotFound):
        await codes.identify(replace(till, settings=after), second.code)


async def test_whoever_may_not_identify_learns_nothing(ctx: Context, member: Member) -> None:
    issued = await codes.create(make.as_member(ctx, member))
    picker = await make.staff(ctx.merchant_id or 0, Role.PICKER)
    for acting in (make.as_member(ctx, member), await make.as_staff(ctx, picker)):
        with pytest.raises(PermissionDenied):
            await codes.identify(acting, issued.code)
    anonymous = make.as_member(ctx, member)
    anonymous.actor = Actor()
    with pytest.raises(NotSignedIn):
        await codes.create(anonymous)


async def test_a_till_sees_whom_it_identified_with_the_name_masked(
    ctx: Context, member: Member, till: Context
) -> None:
    assert await visibility.of_members(till, [member]) == {}
    issued = await codes.create(make.as_member(ctx, member))
    seen = await codes.identify(till, issued.code)
    [found] = (await visibility.of_members(till, [seen])).values()
    assert (found, found.name_of(seen)) == (visibility.MASKED, "王*")
