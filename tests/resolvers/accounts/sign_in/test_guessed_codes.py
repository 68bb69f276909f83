"""Guessing somebody's code: it keeps nobody from signing in, and comes to less than one in 5,000 a day."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from models.accounts.sessions import Guest
from models.database import transaction
from models.errors import ChallengeRequired, Expired, InvalidInput, LimitExceeded, RateLimited
from resolvers.accounts.sign_in import code_tries, one_time_codes
from resolvers.context import Actor, ActorKind, Context
from settings import Settings
from tests.make.one_time_codes import (
    CAFE,
    CANONICAL,
    PHONE,
    Clock,
    at,
    outcome,
    sent,
    solved,
    wrong,
)


async def guessed(ctx: Context, right: str, addresses: range, times: int = 5) -> list[str]:
    """What so many wrong codes from each of these addresses are answered."""
    return [
        await outcome(at(ctx, f"10.0.{n // 256}.{n % 256}"), wrong(right, 7 * n + turn + 1))
        for n in addresses
        for turn in range(times)
    ]


async def guarded(ctx: Context, owner: Context | None = None) -> str:
    """A code of the owner's whose phone is being guessed at."""
    await one_time_codes.request(owner or ctx, PHONE)
    right = sent(ctx)[-1]["code"]
    assert await guessed(ctx, right, range(1)) == ["INVALID"] * code_tries.TRIES_UNGUARDED
    return right


def without_challenges(ctx: Context) -> Context:
    return replace(ctx, gateways=replace(ctx.gateways, challenges=None))


@pytest.mark.parametrize("has_provider", [True, False])
async def test_strangers_void_nobodys_code_and_lock_nobodys_phone(
    visitor: Context, clock: Clock, has_provider: bool
) -> None:
    owner = visitor if has_provider else without_challenges(visitor)
    await one_time_codes.request(owner, PHONE)
    answers = await guessed(owner, sent(owner)[-1]["code"], range(4))
    assert answers.count("INVALID") == code_tries.TRIES_UNGUARDED
    assert await outcome(owner, sent(owner)[-1]["code"]) == CANONICAL
    await guessed(owner, "123456", range(4, 40))
    await one_time_codes.request(owner, PHONE)
    right = sent(owner)[-1]["code"]
    await guessed(owner, right, range(40, 80))
    assert await outcome(owner, right) == CANONICAL
    clock.now += 60
    elsewhere = at(owner, CAFE)  # where nobody has been, and by a code of its own
    await one_time_codes.request(elsewhere, PHONE)
    assert await outcome(elsewhere, sent(owner)[-1]["code"]) == CANONICAL


async def test_strangers_of_a_guarded_phone_solve_a_challenge(visitor: Context) -> None:
    right = await guarded(visitor)
    stranger = at(visitor, CAFE)
    for _ in range(20):  # which counts as no try
        with pytest.raises(ChallengeRequired) as refused:
            await one_time_codes.verify(stranger, PHONE, right)
    assert refused.value.path == ("challengeToken",)
    with pytest.raises(ChallengeRequired):
        await one_time_codes.verify(stranger, PHONE, right, None, "made.up")


async def test_a_solved_challenge_gives_one_try_of_a_code_that_nobody_has_tried(
    visitor: Context, clock: Clock
) -> None:
    await guarded(visitor)
    clock.now += 60
    await one_time_codes.request(visitor, PHONE)
    right, stranger = sent(visitor)[-1]["code"], at(visitor, CAFE)
    with pytest.raises(InvalidInput):
        await one_time_codes.verify(stranger, PHONE, wrong(right), None, await solved(stranger))
    with pytest.raises(Expired):
        await one_time_codes.verify(stranger, PHONE, right, None, await solved(stranger))
    assert await outcome(visitor, right) == CANONICAL
    clock.now += 60
    await one_time_codes.request(visitor, PHONE)
    code, token = sent(visitor)[-1]["code"], await solved(stranger)
    assert await one_time_codes.verify(stranger, PHONE, code, None, token) == CANONICAL


async def test_without_a_provider_strangers_wait_for_minutes_at_most(
    visitor: Context, clock: Clock
) -> None:
    owner = without_challenges(visitor)
    right = await guarded(owner)
    waits = []
    for n in range(12):
        stranger = at(owner, f"10.1.0.{n}")
        try:
            await one_time_codes.verify(stranger, PHONE, right)
        except RateLimited as refused:
            waits.append(refused.retry_after_seconds)
            clock.now += refused.retry_after_seconds
        except Expired:  # this code is not to be had from here any more
            continue
    assert waits
    assert waits == sorted(waits)
    assert max(waits) <= 300
    assert await outcome(owner, right) == CANONICAL


async def test_without_a_provider_one_stranger_tries_at_once_and_the_next_waits(
    visitor: Context, clock: Clock
) -> None:
    owner = without_challenges(visitor)
    right = await guarded(owner)
    assert await outcome(at(owner, "10.1.0.1"), wrong(right)) == "EXPIRED"
    with pytest.raises(RateLimited) as refused:
        await one_time_codes.verify(at(owner, "10.1.0.2"), PHONE, right)
    assert refused.value.retry_after_seconds == 15
    clock.now += 15
    assert await outcome(at(owner, "10.1.0.2"), wrong(right)) == "EXPIRED"


async def test_a_device_of_the_owner_tries_the_codes_that_strangers_guess_at(
    visitor: Context, clock: Clock
) -> None:
    await one_time_codes.request(visitor, PHONE)
    await one_time_codes.verify(visitor, PHONE, sent(visitor)[-1]["code"])
    device = await transaction(one_time_codes.remember, visitor, CANONICAL, None)
    clock.now += 60
    right, elsewhere = await guarded(visitor), at(visitor, CAFE)
    assert await outcome(elsewhere, right) == "CHALLENGE_REQUIRED"
    with pytest.raises(InvalidInput):
        await one_time_codes.verify(elsewhere, PHONE, wrong(right), device)
    assert await one_time_codes.verify(elsewhere, PHONE, right, device) == CANONICAL


async def test_who_becomes_a_guest_keeps_the_code_asked_for_before(visitor: Context) -> None:
    right = await guarded(visitor)
    guest = replace(visitor, actor=Actor(ActorKind.GUEST, (await Guest.create()).id))
    assert await outcome(at(guest, CAFE), right) == "CHALLENGE_REQUIRED"
    assert await outcome(guest, right) == CANONICAL


async def test_who_is_told_of_a_code_on_its_way_has_tries_of_their_own(visitor: Context) -> None:
    """A stranger had it sent, and tries it away from neither the owner nor others."""
    stranger = at(visitor, CAFE)
    await one_time_codes.request(stranger, PHONE)
    await one_time_codes.request(visitor, PHONE)
    (message,) = sent(visitor)
    right = message["code"]
    assert [await outcome(stranger, wrong(right, n + 1)) for n in range(5)] == ["INVALID"] * 5
    assert await outcome(stranger, right) == "RATE_LIMITED"
    assert await outcome(visitor, right) == CANONICAL


async def test_a_guests_session_has_its_code_wherever_it_goes(visitor: Context) -> None:
    """A phone that leaves the wireless network has another address."""
    guest = replace(visitor, actor=Actor(ActorKind.GUEST, (await Guest.create()).id))
    right = await guarded(visitor, guest)
    assert await outcome(at(visitor, CAFE), right) == "CHALLENGE_REQUIRED"
    assert await outcome(at(guest, CAFE), right) == CANONICAL


async def test_the_more_codes_are_asked_for_the_fewer_tries_each_has(
    visitor: Context, clock: Clock
) -> None:
    tries = []
    for n in range(code_tries.GENEROUS_ASKS + 2):
        clock.now += 60
        stranger = at(visitor, f"10.2.0.{n}")
        await one_time_codes.request(stranger, PHONE)
        right = sent(visitor)[-1]["code"]
        answers = [await outcome(stranger, wrong(right, turn + 1)) for turn in range(5)]
        tries.append(answers.count("INVALID"))
    assert tries == [5, 5, 5, 1, 1]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes (as hashes) that something was compared with, once each time."""
    found: list[str] = []

    def compare(kept: str, given: str) -> bool:
        found.append(kept)
        return hmac.compare_digest(kept, given)

    monkeypatch.setattr(code_tries, "hmac", SimpleNamespace(compare_digest=compare))
    return found


async def ask_from(ctx: Context, addresses: list[str], clock: Clock) -> None:
    """All share the code that the first one has sent, or has been sent."""
    for address in addresses:
        with suppress(LimitExceeded):
            await one_time_codes.request(at(ctx, address), PHONE)
    clock.now += 1


async def guess_at_once(ctx: Context, right: str, addresses: list[str]) -> None:
    """A different guess from each address, none of them right."""
    guesses = [wrong(right, 7 * n + 1) for n in range(len(addresses))]
    await asyncio.gather(*(outcome(at(ctx, a), g) for a, g in zip(addresses, guesses, strict=True)))


async def test_a_hundred_who_share_a_code_have_as_many_tries_as_five_strangers(
    visitor: Context, clock: Clock, compared: list[str]
) -> None:
    shop = without_challenges(visitor)
    addresses = [f"10.3.0.{n}" for n in range(100)]
    await ask_from(shop, [CAFE, *addresses], clock)
    (message,) = sent(visitor)
    await guess_at_once(shop, message["code"], addresses)
    await guess_at_once(shop, message["code"], addresses)
    assert 0 < len(compared) <= code_tries.TRIES_OF_A_CODE
    # Nobody has taken away what who had it sent has.
    assert await outcome(at(shop, CAFE), message["code"]) == CANONICAL


async def test_a_hundred_who_share_the_code_of_an_hour_have_three_tries_of_it(
    visitor: Context, clock: Clock, compared: list[str]
) -> None:
    shop = without_challenges(visitor)
    for n in range(2 * visitor.settings.otp_per_phone_per_day):
        clock.now += 60
        await one_time_codes.request(at(shop, f"10.4.0.{n}"), PHONE)
    addresses = [f"10.5.0.{n}" for n in range(100)]
    for hour in range(1, 4):
        clock.now += 3600
        compared.clear()
        await ask_from(shop, [f"10.6.0.{hour}", *addresses], clock)
        right = sent(visitor)[-1]["code"]
        latest = (await code_tries.live(shop, CANONICAL))[-1]["code_hash"]
        for _ in range(2):
            await guess_at_once(shop, right, addresses)
        assert 0 < compared.count(latest) <= code_tries.TRIES_OF_SHARERS
        assert await outcome(at(shop, f"10.6.0.{hour}"), wrong(right)) in ("INVALID", "EXPIRED")
        assert compared.count(latest) <= code_tries.TRIES_OF_SHARERS + 1


async def test_a_day_of_guessing_by_many_stays_within_what_is_documented(
    visitor: Context, clock: Clock, compared: list[str]
) -> None:
    """Each minute of the first half hour, and each hour after it, new addresses ask and try."""
    shop = without_challenges(visitor)
    for turn in range(30 + 23):
        clock.now += 60 if turn < 30 else 3600
        addresses = [f"10.{turn + 10}.0.{n}" for n in range(12)]
        await ask_from(shop, addresses, clock)
        right = sent(visitor)[-1]["code"]
        await guess_at_once(shop, right, addresses)
    assert 40 < len(compared) <= 172


def test_guessing_comes_to_less_than_one_in_five_thousand_a_day(settings: Settings) -> None:
    """Comparisons of a guess with a code, each right once in a million; as docs/sign-in.md adds them up."""
    asks = 2 * settings.otp_per_phone_per_day
    hourly = 25  # one at once, then one an hour
    codes = asks + settings.otp_per_phone_per_day  # those of the owner's device, too
    generous = code_tries.GENEROUS_ASKS
    by_askers = generous * code_tries.TRIES_OF_ASKER
    by_askers += (asks - generous + hourly) * code_tries.TRIES_OF_LATER_ASKER
    by_strangers = code_tries.TRIES_UNGUARDED * code_tries.NEWEST + codes
    by_sharers = hourly * code_tries.TRIES_OF_SHARERS
    assert (by_askers, by_strangers, by_sharers) == (57, 40, 75)
    assert by_askers + by_strangers + by_sharers == 172 < 1_000_000 / 5_000
