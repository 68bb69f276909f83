"""An attempt is counted before it is made, and given back only when it was right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateways import Limit
from gateways.rate_limits import MemoryRateLimits
from models.errors import InvalidInput, RateLimited, Refusal, SecondFactorRequired
from resolvers.attempts import attempt, count, counted, guesses
from resolvers.context import Actor, ActorKind, Context

KNOCK = Limit("knock", "somebody", 2, 60)


@pytest.fixture
def knocking(ctx: Context) -> Context:
    limits = MemoryRateLimits(lambda: 1_000.0)
    return replace(ctx, gateways=replace(ctx.gateways, rate_limits=limits))


async def left(ctx: Context) -> int:
    """How many more attempts are allowed; uses them up."""
    for number in range(KNOCK.times + 1):
        try:
            await count(ctx, [KNOCK])
        except RateLimited:
            return number
    raise AssertionError("nothing is counted")


async def test_counting_stops_at_the_limit_and_says_when_to_come_back(knocking: Context) -> None:
    await count(knocking, [KNOCK])
    await count(knocking, [KNOCK])
    with pytest.raises(RateLimited) as refused:
        await count(knocking, [KNOCK], "Wait {seconds} seconds.")
    assert refused.value.retry_after_seconds == 60
    assert refused.value.template == "Wait {seconds} seconds."


async def test_an_attempt_is_counted_while_it_is_made_and_not_when_it_was_right(
    knocking: Context,
) -> None:
    async with attempt(knocking, [KNOCK]), attempt(knocking, [KNOCK]):
        with pytest.raises(RateLimited):
            await count(knocking, [KNOCK])
    assert await left(knocking) == 2


async def test_an_attempt_beyond_the_limit_is_not_made(knocking: Context) -> None:
    assert await left(knocking) == 2
    made = []
    with pytest.raises(RateLimited):
        async with attempt(knocking, [KNOCK]):
            made.append("guess")
    assert made == []


@pytest.mark.parametrize(
    ("fault", "remaining"),
    [
        (InvalidInput("Wrong."), 1),
        (ZeroDivisionError(), 1),
        (SecondFactorRequired("Show it."), 2),
        (RateLimited("Too often.", retry_after_seconds=1), 2),
    ],
)
async def test_a_wrong_attempt_stays_counted_and_one_not_tried_does_not(
    knocking: Context, fault: Exception, remaining: int
) -> None:
    with pytest.raises(type(fault)):
        async with attempt(knocking, [KNOCK]):
            raise fault
    assert await left(knocking) == remaining


async def test_what_others_counted_is_given_back_too(knocking: Context) -> None:
    await count(knocking, [KNOCK])
    async with counted(knocking, [KNOCK]):
        pass
    assert await left(knocking) == 2
    with pytest.raises(Refusal):
        async with counted(knocking, [KNOCK]):
            raise InvalidInput("Wrong.")
    assert await left(knocking) == 0


def test_guesses_are_limited_by_caller_and_by_address(ctx: Context) -> None:
    member = replace(ctx, actor=Actor(ActorKind.MEMBER, 7), remote_address="203.0.113.9")
    caller, address = guesses(member, "card", times=3, seconds=60)
    assert caller == Limit("card", "MEMBER:7", 3, 60)
    assert address == Limit("card by address", "203.0.113.9", 30, 60)
    visitor = replace(member, actor=Actor())
    assert guesses(visitor, "card", times=3, seconds=60, address_times=4) == [
        Limit("card by address", "203.0.113.9", 4, 60)
    ]
