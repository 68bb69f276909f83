from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from gateways.rate_limits import MemoryRateLimits
from models.accounts import passwords
from models.accounts.origins import KnownOrigin
from models.accounts.sessions import Session
from models.accounts.staff import Staff
from models.errors import InvalidInput, QuintetError, RateLimited
from resolvers.accounts import sessions
from resolvers.accounts.sign_in import origins
from resolvers.accounts.sign_in import staff as staff_sign_in
from resolvers.accounts.sign_in.staff import Credentials, SignedIn
from resolvers.context import Actor, Context

OWNER, PASSWORD = "admin", "admin-password"
HOME, CAFE, ELSEWHERE = "203.0.113.7", "198.51.100.9", "192.0.2.5"


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def visitor(ctx: Context, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Somebody who has not signed in, with counters of their own, where hashing is quick."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    await Staff.filter(username=OWNER).update(password_hash=quick.hash(PASSWORD))
    gateways = replace(ctx.gateways, rate_limits=MemoryRateLimits(clock))
    return replace(ctx, actor=Actor(), gateways=gateways, remote_address=HOME)


def at(ctx: Context, address: str) -> Context:
    return replace(ctx, remote_address=address)


async def knock(
    ctx: Context, password: str = PASSWORD, username: str = OWNER, device: str | None = None
) -> SignedIn:
    given = Credentials(username=username, password=password, device_token=device)
    return await staff_sign_in.sign_in(ctx, given)


async def outcome(ctx: Context, *arguments: str) -> str:
    try:
        await knock(ctx, *arguments)
    except QuintetError as error:
        return error.code
    return "IN"


async def test_ten_wrong_passwords_make_the_eleventh_wait_and_the_right_one_too(
    visitor: Context, clock: Clock
) -> None:
    assert [await outcome(visitor, "guess") for _ in range(10)] == ["INVALID"] * 10
    with pytest.raises(RateLimited) as refused:
        await knock(visitor)
    assert refused.value.retry_after_seconds == 30
    assert await Session.all().count() == 0
    clock.now += 30
    assert await outcome(visitor) == "IN"
    assert [await outcome(visitor, "guess") for _ in range(10)] == ["INVALID"] * 10


async def test_parallel_guesses_are_counted_before_they_are_tried(visitor: Context) -> None:
    answers = await asyncio.gather(*(outcome(visitor, f"guess {n}") for n in range(300)))
    assert answers.count("INVALID") == 10
    assert answers.count("RATE_LIMITED") == 290


async def test_a_right_guess_among_too_many_gets_no_token(visitor: Context) -> None:
    guesses = [f"guess {n}" for n in range(200)] + [PASSWORD]
    answers = await asyncio.gather(*(outcome(visitor, guess) for guess in guesses))
    assert "IN" not in answers
    assert await Session.all().count() == 0


async def test_a_stranger_does_not_lock_the_owner_out(visitor: Context) -> None:
    stranger = at(visitor, ELSEWHERE)
    for _ in range(12):
        await outcome(stranger, "guess")
    assert await outcome(stranger) == "RATE_LIMITED"
    assert await outcome(at(visitor, HOME)) == "IN"


async def test_many_strangers_slow_down_unknown_places_only(visitor: Context) -> None:
    device = (await knock(at(visitor, HOME))).device_token
    for n in range(staff_sign_in.STRANGERS_TRIES):
        assert await outcome(at(visitor, f"10.0.{n % 50}.{n}"), "guess") == "INVALID"
    assert await outcome(at(visitor, "10.9.9.9"), "guess") == "RATE_LIMITED"
    assert await outcome(at(visitor, CAFE)) == "RATE_LIMITED"
    assert await outcome(at(visitor, HOME)) == "IN"
    await knock(at(visitor, CAFE), device=device)
    assert await outcome(at(visitor, CAFE)) == "IN"  # which is known by now


async def test_a_known_device_is_let_in_where_a_stranger_sits_at_the_same_address(
    visitor: Context,
) -> None:
    device = (await knock(visitor)).device_token
    for _ in range(40):
        await outcome(visitor, "guess")
    assert await outcome(visitor) == "RATE_LIMITED"
    signed_in = await knock(visitor, device=device)
    assert signed_in.device_token == device
    for _ in range(10):
        with pytest.raises(InvalidInput):
            await knock(visitor, "guess", device=device)
    with pytest.raises(RateLimited):
        await knock(visitor, "guess", device=device)


async def test_nobody_chooses_a_device_token(visitor: Context) -> None:
    chosen = await knock(visitor, device="mine")
    assert chosen.device_token not in (None, "mine")
    for _ in range(10):
        assert await outcome(visitor, "guess", OWNER, "made-up") == "INVALID"
    assert await outcome(visitor, "guess", OWNER, "another") == "RATE_LIMITED"
    kept = [row.origin for row in await KnownOrigin.all()]
    assert len(kept) == 2
    assert not any(chosen.device_token in each or HOME in each for each in kept)


async def test_other_names_from_one_address_are_counted_together(visitor: Context) -> None:
    answers = [await outcome(visitor, "guess", f"name{n}") for n in range(200)]
    assert answers.count("INVALID") == visitor.settings.sign_in_tries_per_address
    assert await outcome(visitor) == "RATE_LIMITED"
    assert await outcome(at(visitor, CAFE)) == "IN"


async def test_a_shop_full_of_people_signs_in_from_one_address(visitor: Context) -> None:
    for _ in range(3 * visitor.settings.sign_in_tries_per_address):
        assert await outcome(visitor) == "IN"


async def test_who_has_a_whole_network_is_one_address(visitor: Context) -> None:
    answers = [
        await outcome(at(visitor, f"2001:db8:1:2::{n:x}"), "guess", f"name{n}") for n in range(50)
    ]
    assert answers.count("INVALID") == visitor.settings.sign_in_tries_per_address
    assert await outcome(at(visitor, "2001:db8:1:3::1"), "guess") == "INVALID"
    assert await outcome(at(visitor, "not an address"), "guess") == "INVALID"


async def test_unknown_and_known_names_answer_alike(visitor: Context) -> None:
    refusals = []
    for name in (OWNER, "nobody", "", "x" * 5000):
        with pytest.raises(InvalidInput) as refused:
            await knock(at(visitor, CAFE), "guess", name)
        refusals.append((str(refused.value), refused.value.path))
    assert len(set(refusals)) == 1


async def test_who_was_not_tried_is_not_counted(
    visitor: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*arguments: object) -> bool:
        raise passwords.HashingBusy

    with monkeypatch.context() as patch:
        patch.setattr(staff_sign_in, "verify_password", busy)
        assert [await outcome(visitor) for _ in range(40)] == ["RATE_LIMITED"] * 40
    assert await outcome(visitor) == "IN"


async def test_what_was_not_seen_for_long_is_forgotten(visitor: Context) -> None:
    await knock(visitor)
    assert (await origins.origin_of(visitor, "staff:admin", None)).address_is_known
    now = visitor.now()
    later = replace(visitor, clock=lambda: now + origins.KNOWN_FOR)
    assert not (await origins.origin_of(later, "staff:admin", None)).is_known
    assert await origins.forget_old(visitor) == 0
    assert await origins.forget_old(later) == 2
    assert await KnownOrigin.all().count() == 0


async def test_few_places_of_an_account_are_kept(visitor: Context) -> None:
    for n in range(15):
        await knock(at(visitor, f"10.2.0.{n}"))
    assert await KnownOrigin.all().count() == origins.KEPT
    assert (await origins.origin_of(at(visitor, "10.2.0.14"), "staff:admin", None)).is_known
    assert not (await origins.origin_of(at(visitor, "10.2.0.0"), "staff:admin", None)).is_known


async def test_refresh_tokens_are_guessed_so_often_and_no_oftener(
    visitor: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "FAILED_REFRESHES", 2)
    tokens = (await knock(visitor)).tokens
    numbers = itertools.count()

    async def guess() -> str:
        try:
            await sessions.refresh(visitor, f"qr_{next(numbers)}")
        except QuintetError as error:
            return error.code
        return "IN"

    answers = await asyncio.gather(*(guess() for _ in range(50)))
    assert answers.count("INVALID") == 20
    assert answers.count("RATE_LIMITED") == 30
    with pytest.raises(RateLimited):
        await sessions.refresh(visitor, tokens.refresh_token)
    assert await sessions.refresh(at(visitor, CAFE), tokens.refresh_token)
