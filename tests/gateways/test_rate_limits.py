"""What must hold of counters holds in memory and on Redis alike."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis import Redis
from redis.exceptions import RedisError

from gateways import Limit, RateLimits
from gateways.rate_limits import MAXIMUM_COUNTERS, MemoryRateLimits, RedisRateLimits
from gateways.redis_link import RedisLink
from tests.make.processes import PATIENCE_SECONDS

REDIS = "redis://127.0.0.1:6379/0"
THREE = Limit("knock", "somebody", 3, 60)
GROWING = Limit("guess", "somebody", 3, 600, delay=10, longest=60)


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def redis_answers() -> bool:
    try:
        return bool(Redis.from_url(REDIS, socket_timeout=1).ping())
    except (OSError, RedisError):
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "redis"])
async def limits(
    request: pytest.FixtureRequest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RateLimits]:
    # However slow the machine is: what is tested is the counting.
    monkeypatch.setattr("gateways.redis_link.SECONDS_FOR_REDIS", 10)
    memory = MemoryRateLimits(clock)
    if request.param == "memory":
        yield memory
        return
    if not redis_answers():
        pytest.skip("Redis does not answer")
    shared = RedisRateLimits(RedisLink(REDIS), os.urandom(16), memory, clock)
    yield shared
    assert not shared.degraded
    await shared.stop()


async def test_of_parallel_attempts_no_more_pass_than_may(limits: RateLimits) -> None:
    waits = await asyncio.gather(*(limits.take([THREE]) for _ in range(100)))
    assert waits.count(0) == 3
    assert set(waits) == {0, 60}


async def test_parallel_attempts_on_a_growing_delay_are_as_few(limits: RateLimits) -> None:
    waits = await asyncio.gather(*(limits.take([GROWING]) for _ in range(100)))
    assert waits.count(0) == 3
    assert set(waits) == {0, 10}


async def test_a_window_begins_anew_when_it_has_ended(limits: RateLimits, clock: Clock) -> None:
    for _ in range(3):
        assert await limits.take([THREE]) == 0
    clock.now += 59
    assert await limits.take([THREE]) == 1
    clock.now += 1
    assert await limits.take([THREE]) == 0


async def test_each_further_attempt_waits_twice_as_long(limits: RateLimits, clock: Clock) -> None:
    for _ in range(3):
        assert await limits.take([GROWING]) == 0
    for delay in (10, 20, 40, 60, 60):
        assert await limits.take([GROWING]) == delay
        clock.now += delay
        assert await limits.take([GROWING]) == 0
    clock.now += 661
    for _ in range(3):
        assert await limits.take([GROWING]) == 0


async def test_what_was_refused_counts_nowhere(limits: RateLimits) -> None:
    other = Limit("knock", "somebody else", 5, 60)
    for _ in range(3):
        assert await limits.take([THREE, other]) == 0
    for _ in range(10):
        assert await limits.take([THREE, other]) > 0
    assert [await limits.take([other]) for _ in range(3)] == [0, 0, 60]


async def test_what_is_given_back_may_be_taken_again(limits: RateLimits) -> None:
    for limit in (THREE, GROWING):
        for _ in range(10):
            assert await limits.take([limit]) == 0
            await limits.give_back([limit])
    await limits.give_back([THREE, Limit("never", "taken", 1, 1)])
    assert [await limits.take([THREE]) for _ in range(4)] == [0, 0, 0, 60]


async def test_what_is_forgotten_begins_anew(limits: RateLimits) -> None:
    for limit in (THREE, GROWING):
        for _ in range(3):
            assert await limits.take([limit]) == 0
        assert await limits.take([limit]) > 0
        await limits.forget([limit])
        assert await limits.take([limit]) == 0


async def test_nothing_is_a_limit(limits: RateLimits) -> None:
    assert await limits.take([]) == 0
    await limits.give_back([])
    await limits.forget([])


async def test_redis_is_told_nobodys_name() -> None:
    if not redis_answers():
        pytest.skip("Redis does not answer")
    shared = RedisRateLimits(RedisLink(REDIS), os.urandom(16), MemoryRateLimits())
    whom = f"+861380000{os.getpid()}"
    await shared.take([Limit("otp", whom, 3, 5)])
    names = list(Redis.from_url(REDIS).scan_iter("quintet:limit:*", count=1000))
    assert names
    assert not any(whom.encode() in name or b"otp" in name for name in names)
    await shared.stop()


async def test_memory_stays_bounded(clock: Clock) -> None:
    limits = MemoryRateLimits(clock)
    for number in range(MAXIMUM_COUNTERS + 10):
        await limits.take([Limit("knock", str(number), 1, 60)])
    assert limits.kept <= MAXIMUM_COUNTERS
    assert await limits.take([Limit("knock", str(MAXIMUM_COUNTERS + 9), 1, 60)]) > 0


@pytest.mark.parametrize("full", [Limit("codes a day", "her", 2, 600), GROWING])
async def test_who_has_used_a_limit_up_is_not_forgotten_first(clock: Clock, full: Limit) -> None:
    limits = MemoryRateLimits(clock)
    for _ in range(full.times):
        assert await limits.take([full]) == 0
    for number in range(MAXIMUM_COUNTERS + 10):
        await limits.take([Limit("knock", str(number), 5, 60)])
    assert await limits.take([full]) > 0
    await limits.give_back([full])
    assert await limits.take([full]) == 0


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncIterator[int]:
    """A stand-in that accepts and answers so, or never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            if answer is not None:
                writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def holds_by_itself(url: str) -> None:
    """A process counts by itself, and asks a Redis that is away only in the background."""
    limits = RedisRateLimits(RedisLink(url), b"key", MemoryRateLimits())
    began = time.monotonic()
    assert await limits.take([THREE]) == 0
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert limits.degraded
    began = time.monotonic()
    waits = [await limits.take([THREE]) for _ in range(3)]
    await limits.give_back([THREE])
    assert waits == [0, 0, 60]
    assert await limits.take([THREE]) == 0
    assert time.monotonic() - began < PATIENCE_SECONDS
    await limits.stop()


async def test_a_redis_that_hangs_is_left_alone() -> None:
    async with listening(None) as port:
        await holds_by_itself(f"redis://127.0.0.1:{port}/0")


async def test_a_redis_that_is_away_is_left_alone() -> None:
    async with listening(None) as port:
        pass
    await holds_by_itself(f"redis://127.0.0.1:{port}/0")


async def test_a_redis_that_talks_nonsense_is_left_alone() -> None:
    async with listening(b"-ERR nothing here works\r\n") as port:
        await holds_by_itself(f"redis://127.0.0.1:{port}/0")


async def test_whoever_waits_is_remembered_before_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateways.rate_limits.MAXIMUM_COUNTERS", 20)
    limits = MemoryRateLimits(clock)
    guesser = Limit("guess", "a guesser", 1, 600, delay=300, longest=300)
    assert [await limits.take([guesser]) for _ in range(2)] == [0, 300]
    brief = [Limit("knock", f"brief {number}", 5, 10) for number in range(15)]
    for each in brief:
        await limits.take([each])
    clock.now += 11
    live = [Limit("knock", f"live {number}", 1, 600) for number in range(8)]
    for each in live:
        assert await limits.take([each]) == 0
    assert [await limits.take([each]) > 0 for each in live] == [True] * 8, "none had to go"
    for number in range(40):
        await limits.take([Limit("knock", f"stranger {number}", 5, 600)])
    assert await limits.take([guesser]) > 0
