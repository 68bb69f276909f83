from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from gateways import Limit
from gateways.rate_limits import MemoryRateLimits
from gateways.sms import LoggingSms
from models.accounts.sessions import OneTimeCode
from models.database import transaction
from models.errors import (
    ChallengeRequired,
    Expired,
    GatewayUnavailable,
    InvalidInput,
    LimitExceeded,
    RateLimited,
)
from resolvers.accounts.sign_in import code_tries, one_time_codes
from resolvers.context import Context, utc_now
from tests.make.one_time_codes import (
    CAFE,
    CANONICAL,
    HOME,
    PHONE,
    Clock,
    at,
    outcome,
    sent,
    solved,
    wrong,
)


def later(ctx: Context, **time: float) -> Context:
    return replace(ctx, clock=lambda: utc_now() + timedelta(**time))


async def test_a_code_is_sent_as_the_phone_was_written_and_is_good_once(visitor: Context) -> None:
    resend_at = await one_time_codes.request(visitor, PHONE)
    (message,) = sent(visitor)
    assert message.keys() == {"phone", "code", "sentAt"}
    assert message["phone"] == PHONE
    assert len(message["code"]) == 6
    assert resend_at > visitor.now()
    assert await one_time_codes.verify(visitor, CANONICAL, message["code"]) == CANONICAL
    with pytest.raises(Expired):
        await one_time_codes.verify(visitor, PHONE, message["code"])


async def test_only_a_hash_is_kept(visitor: Context) -> None:
    await one_time_codes.request(visitor, PHONE)
    code, kept = sent(visitor)[0]["code"], await OneTimeCode.all()
    assert kept
    assert not [row for row in kept if code in row.code_hash]


async def test_wrong_tries_are_counted_though_each_is_refused(
    visitor: Context, clock: Clock
) -> None:
    await one_time_codes.request(visitor, PHONE)
    right = sent(visitor)[0]["code"]
    assert [await outcome(visitor, wrong(right)) for _ in range(5)] == ["INVALID"] * 5
    assert await outcome(visitor, right) == "RATE_LIMITED"
    clock.now += 60
    assert await outcome(visitor, right) == "EXPIRED"
    clock.now += 120
    await one_time_codes.request(visitor, PHONE)
    assert await outcome(visitor, sent(visitor)[-1]["code"]) == CANONICAL


async def test_parallel_guesses_are_no_more_tries_than_five(visitor: Context) -> None:
    await one_time_codes.request(visitor, PHONE)
    right = sent(visitor)[0]["code"]
    guesses = [wrong(right, n) for n in range(1, 300)]
    answers = await asyncio.gather(*(outcome(visitor, guess) for guess in [*guesses, right]))
    assert answers.count("INVALID") == 5
    assert answers.count("RATE_LIMITED") == 295


async def test_where_nothing_is_counted_together_the_database_counts(visitor: Context) -> None:
    """So many tries of strangers in all, though each comes from a process and an address of its own."""
    await one_time_codes.request(visitor, PHONE)
    right = sent(visitor)[0]["code"]

    def elsewhere(n: int) -> Context:
        gateways = replace(visitor.gateways, rate_limits=MemoryRateLimits())
        return replace(visitor, gateways=gateways, remote_address=f"10.0.0.{n}")

    guesses = (outcome(elsewhere(n), wrong(right, n + 1)) for n in range(30))
    answers = await asyncio.gather(*guesses)
    assert answers.count("INVALID") == code_tries.TRIES_OF_A_CODE
    assert answers.count("EXPIRED") == 30 - code_tries.TRIES_OF_A_CODE


async def test_a_strangers_tries_do_not_void_the_owners_code(visitor: Context) -> None:
    await one_time_codes.request(visitor, PHONE)
    right = sent(visitor)[0]["code"]
    stranger = at(visitor, CAFE)
    answers = await asyncio.gather(*(outcome(stranger, wrong(right, n)) for n in range(1, 100)))
    assert answers.count("INVALID") == 5
    assert await outcome(visitor, right) == CANONICAL


async def test_an_old_code_is_no_longer_good(visitor: Context) -> None:
    await one_time_codes.request(visitor, PHONE)
    with pytest.raises(Expired):
        await one_time_codes.verify(later(visitor, minutes=6), PHONE, sent(visitor)[0]["code"])


async def test_codes_on_their_way_stay_good_and_go_together(visitor: Context, clock: Clock) -> None:
    await one_time_codes.request(visitor, PHONE)
    clock.now += 60
    await one_time_codes.request(visitor, PHONE)
    first, second = (message["code"] for message in sent(visitor))
    assert await outcome(visitor, first) == CANONICAL
    assert await outcome(visitor, second) == "EXPIRED"


async def test_asking_again_at_once_is_refused_and_sends_nothing(visitor: Context) -> None:
    await one_time_codes.request(visitor, PHONE)
    with pytest.raises(LimitExceeded) as refused:
        await one_time_codes.request(visitor, CANONICAL)
    assert refused.value.parts == {"seconds": 60}
    assert len(sent(visitor)) == 1


async def test_the_owner_signs_in_by_the_code_that_a_stranger_asked_for(visitor: Context) -> None:
    """One message a minute, and whoever holds the phone has it."""
    await one_time_codes.request(at(visitor, CAFE), PHONE)
    assert await one_time_codes.request(visitor, PHONE) > visitor.now()
    (message,) = sent(visitor)
    assert await outcome(visitor, message["code"]) == CANONICAL
    await one_time_codes.request(at(visitor, "192.0.2.1"), PHONE)
    assert len(sent(visitor)) == 2  # none was on its way any more


async def test_whoever_has_signed_in_may_ask_for_the_next_code_at_once(visitor: Context) -> None:
    for n in range(3):
        await one_time_codes.request(visitor, PHONE)
        assert len(sent(visitor)) == n + 1
        assert await outcome(visitor, sent(visitor)[-1]["code"]) == CANONICAL


async def test_past_a_threshold_strangers_solve_a_challenge_and_the_owner_does_not(
    visitor: Context, clock: Clock
) -> None:
    await one_time_codes.request(visitor, PHONE)
    right = sent(visitor)[0]["code"]
    await one_time_codes.verify(visitor, PHONE, right)
    device = await transaction(one_time_codes.remember, visitor, CANONICAL, None)
    for n in range(visitor.settings.otp_challenge_after - 1):
        clock.now += 60
        await one_time_codes.request(at(visitor, f"10.0.0.{n}"), PHONE)
    clock.now += 60
    stranger, count = at(visitor, "10.0.0.99"), len(sent(visitor))
    for _ in range(3):
        with pytest.raises(ChallengeRequired):
            await one_time_codes.request(stranger, PHONE)
    with pytest.raises(ChallengeRequired):
        await one_time_codes.request(stranger, PHONE, "made.up")
    assert len(sent(visitor)) == count
    await one_time_codes.request(visitor, PHONE)
    clock.now += 60
    await one_time_codes.request(stranger, PHONE, None, device)
    clock.now += 60
    token = await solved(stranger)
    await one_time_codes.request(stranger, PHONE, token)
    assert len(sent(visitor)) == count + 3
    clock.now += 60
    with pytest.raises(ChallengeRequired):
        await one_time_codes.request(stranger, PHONE, token)  # good once


async def test_one_address_that_asks_for_many_phones_solves_a_challenge(visitor: Context) -> None:
    threshold = 20 * visitor.settings.otp_challenge_after
    limit = Limit("code by strangers at address", HOME, threshold, 3600)
    for _ in range(threshold):
        assert await visitor.gateways.rate_limits.take([limit]) == 0
    with pytest.raises(ChallengeRequired):
        await one_time_codes.request(visitor, PHONE)
    await one_time_codes.request(visitor, PHONE, await solved(visitor))
    assert len(sent(visitor)) == 1


async def test_a_challenge_is_good_for_one_answer_and_five_minutes(visitor: Context) -> None:
    challenges = visitor.gateways.challenges
    assert challenges is not None
    token = await solved(visitor)
    challenge_id = token.partition(".")[0]
    assert not await challenges.verify(f"{challenge_id}.00000x", HOME, visitor.now())
    assert not await challenges.verify(token, HOME, visitor.now())
    token = await solved(visitor)
    assert not await challenges.verify(token, HOME, visitor.now() + timedelta(minutes=6))
    for hostile in ("", ".", "-.", "9" * 50 + "-x.1", "１２-x.1", "\ud800.1", "x" * 5000):
        assert not await challenges.verify(hostile, HOME, visitor.now())


@pytest.mark.parametrize("has_challenges", [True, False])
async def test_strangers_who_use_up_a_phones_codes_do_not_shut_its_owner_out(
    visitor: Context, clock: Clock, has_challenges: bool
) -> None:
    challenges = visitor.gateways.challenges if has_challenges else None
    shop = replace(visitor, gateways=replace(visitor.gateways, challenges=challenges))

    async def ask(address: str) -> None:
        clock.now += 60
        token = await solved(shop) if has_challenges else None
        await one_time_codes.request(at(shop, address), PHONE, token)

    a_day = 2 * visitor.settings.otp_per_phone_per_day
    for n in range(a_day + 1):
        await ask(f"10.0.0.{n}")
    assert len(sent(visitor)) == a_day + 1
    right = sent(visitor)[-1]["code"]
    # Nobody who has not asked may try it, and whoever asks now has no other message sent.
    assert await outcome(at(visitor, "10.9.9.9"), right) != CANONICAL
    await ask("10.8.8.8")
    await ask(CAFE)
    assert len(sent(visitor)) == a_day + 1
    assert await outcome(at(visitor, CAFE), right) == CANONICAL
    # With the code used there is nothing to share until the hour is over.
    with pytest.raises(LimitExceeded) as refused:
        await ask(HOME)
    assert 0 < int(str(refused.value.parts["seconds"])) <= 3600
    clock.now += 3600
    await ask(HOME)
    assert len(sent(visitor)) == a_day + 2
    assert await outcome(at(visitor, HOME), sent(visitor)[-1]["code"]) == CANONICAL


async def test_a_phone_gets_a_message_an_hour_once_strangers_have_used_up_its_codes(
    visitor: Context, clock: Clock
) -> None:
    plain = replace(visitor, gateways=replace(visitor.gateways, challenges=None))
    a_day = 2 * visitor.settings.otp_per_phone_per_day
    for n in range(a_day + 100):
        clock.now += 60
        with suppress(LimitExceeded):
            await one_time_codes.request(at(plain, f"10.0.{n // 200}.{n % 200}"), PHONE)
    assert len(sent(visitor)) == a_day + 2  # in 100 minutes


async def test_codes_outlive_a_change_of_keys(visitor: Context) -> None:
    before = replace(visitor.settings, secret_key="o" * 32)
    amid = replace(before, secret_key="n" * 32, previous_secret_keys="o" * 32)
    await one_time_codes.request(replace(visitor, settings=before), PHONE)
    assert await outcome(replace(visitor, settings=amid), sent(visitor)[0]["code"]) == CANONICAL


async def test_without_a_provider_it_is_said_that_nothing_comes(visitor: Context) -> None:
    silent = replace(visitor, gateways=replace(visitor.gateways, sms=LoggingSms(refuses=True)))
    for _ in range(2):
        with pytest.raises(GatewayUnavailable) as refused:
            await one_time_codes.request(silent, PHONE)
        assert refused.value.path == ("phone",)
    await one_time_codes.request(visitor, PHONE)
    assert len(sent(visitor)) == 1


@pytest.mark.parametrize(
    "phone", ["", "1", "abc", "+", "1" * 40, "１３８" * 20, "1.38E+10", "024-23456789"]
)
async def test_what_no_text_message_reaches_is_refused(visitor: Context, phone: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await one_time_codes.request(visitor, phone)
    assert refused.value.path == ("phone",)
    assert sent(visitor) == []


async def test_wrong_codes_of_many_phones_from_one_address_are_counted_together(
    visitor: Context, clock: Clock
) -> None:
    """An address of IPv6 is its /64; each further try waits twice as long, a quarter of an hour at most."""
    for n in range(code_tries.TRIES_BY_ADDRESS):
        one = at(visitor, f"2001:db8::{n + 1:x}")
        with pytest.raises(Expired):
            await one_time_codes.verify(one, f"138000{n:05}", "123456")
    waits = []
    for _ in range(8):
        with pytest.raises(RateLimited) as refused:
            await one_time_codes.verify(at(visitor, "2001:db8::ffff"), PHONE, "123456")
        waits.append(refused.value.retry_after_seconds)
        clock.now += waits[-1]
        with pytest.raises(Expired):
            await one_time_codes.verify(
                at(visitor, "2001:db8::ffff"), f"1390000{len(waits):04}", "1"
            )
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    with pytest.raises(Expired):
        await one_time_codes.verify(at(visitor, "2001:db8:0:1::1"), PHONE, "123456")
