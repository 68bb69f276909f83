"""Counters of this process at the exact moment and number at which they change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateways import Limit
from gateways.rate_limits import MemoryRateLimits, RedisRateLimits, make_rate_limits
from gateways.redis_link import RedisLink

THREE = Limit("knock", "somebody", 3, 60)
GROWING = Limit("guess", "somebody", 3, 600, delay=10, longest=60)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class AwayLink(RedisLink):
    """A Redis that answers nothing; notes what is asked twice."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1/0")
        self.asked_twice: list[bool] = []
        self.stopped = False

    async def ask(
        self, question: Callable[[Any], Awaitable[Any]], *, twice: bool = False
    ) -> Any | None:
        self.asked_twice.append(twice)
        return None

    async def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> MemoryRateLimits:
    monkeypatch.setattr("gateways.rate_limits.MAXIMUM_COUNTERS", 4)
    return MemoryRateLimits(clock)


async def taken(limits: MemoryRateLimits, *limit: Limit) -> list[int]:
    return [await limits.take([each]) for each in limit]


async def test_a_window_ends_at_its_last_moment(limits: MemoryRateLimits, clock: Clock) -> None:
    assert await taken(limits, *[THREE] * 4) == [0, 0, 0, 60]
    clock.now += 59.5
    assert await limits.take([THREE]) == 1
    clock.now += 0.5
    assert await taken(limits, *[THREE] * 4) == [0, 0, 0, 60]


async def test_giving_back_lifts_a_delay_only_below_the_limit(limits: MemoryRateLimits) -> None:
    assert await taken(limits, *[GROWING] * 3) == [0, 0, 0]
    assert await limits.take([GROWING]) == 10
    more = Limit(GROWING.what, GROWING.whom, 3, 600, delay=10, longest=60, counts=0)
    await limits.give_back([more])
    assert await limits.take([GROWING]) == 10, "as many stay counted as before"
    await limits.give_back([GROWING])
    assert await taken(limits, GROWING, GROWING) == [0, 10]


async def test_no_more_counters_are_kept_than_there_may_be(limits: MemoryRateLimits) -> None:
    for number in range(20):
        await limits.take([Limit("knock", str(number), 1, 60)])
        assert limits.kept == min(number + 1, limits.kept) <= 4
    await limits.stop()
    assert limits.kept == 0
    assert await taken(limits, Limit("knock", "19", 1, 60)) == [0]


async def test_what_was_counted_last_is_remembered(limits: MemoryRateLimits) -> None:
    a, b, c, d, e = (Limit("knock", name, 3, 60) for name in "abcde")
    assert await taken(limits, a, b, c, d, a, e) == [0] * 6
    assert limits.kept == 3
    assert await taken(limits, a, a) == [0, 60], "it was counted after b and c"


@pytest.mark.parametrize("passed", [10, 11])
async def test_what_has_ended_goes_first(
    limits: MemoryRateLimits, clock: Clock, passed: int
) -> None:
    long, brief = Limit("knock", "long", 2, 600), [Limit("knock", n, 1, 10) for n in "xyz"]
    assert await taken(limits, long, *brief) == [0] * 4
    clock.now += passed
    assert await taken(limits, Limit("knock", "new", 1, 60)) == [0]
    assert await taken(limits, long, long) == [0, 590 - (passed - 10)]


async def test_only_whom_somebody_still_waits_for_stays_before_others(
    limits: MemoryRateLimits, clock: Clock
) -> None:
    def guess(name: str) -> Limit:
        return Limit("guess", name, 1, 600, delay=10, longest=10)

    assert await taken(limits, guess("free again")) == [0]
    clock.now += 10
    last = [Limit("knock", name, 2, 60) for name in "xyz"]
    assert await taken(limits, *last, Limit("knock", "new", 2, 60)) == [0] * 4
    assert limits.kept == 3
    assert await taken(limits, last[1], last[1]) == [0, 60]


async def test_counters_are_in_redis_where_there_is_one_and_in_memory_meanwhile() -> None:
    assert isinstance(make_rate_limits(None, b"key"), MemoryRateLimits)
    link = AwayLink()
    shared = make_rate_limits(link, b"key")
    assert isinstance(shared, RedisRateLimits)
    assert [await shared.take([THREE]) for _ in range(3)] == [0, 0, 0]
    assert 0 < await shared.take([THREE]) <= 60
    assert link.asked_twice == [True] * 4
    await shared.give_back([THREE])
    assert link.asked_twice[4:] == [False]
    assert await shared.take([THREE]) == 0
    await shared.forget([THREE])
    assert link.asked_twice[5:] == [True, True]
    assert [await shared.take([THREE]) for _ in range(3)] == [0, 0, 0]
    await shared.stop()
    assert link.stopped
