"""Redis that refuses, hangs or goes away: nobody waits for it for long, and it is said once."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateways import Bucket, Limit
from gateways.bus import RedisBus
from gateways.cost_buckets import SharedCostBuckets
from gateways.persisted_queries import SharedPersistedQueries
from gateways.rate_limits import MemoryRateLimits, RedisRateLimits
from gateways.redis_client import answers
from gateways.redis_link import RedisLink
from models.outages import LONGEST_PAUSE_SECONDS, Outage
from tests.make.processes import PATIENCE_SECONDS
from tests.make.wires import Wire, hanging, wire_to

REDIS = os.environ.get("QUINTET_TEST_REDIS_URL", "redis://127.0.0.1:6379")
REFUSES = "redis://127.0.0.1:1"
DOCUMENT = "{ hello }"
HASH = sha256(DOCUMENT.encode()).hexdigest()


@asynccontextmanager
async def redis_by_wire() -> AsyncIterator[tuple[Wire, str]]:
    redis = Redis.from_url(REDIS)
    try:
        await redis.ping()
    except (OSError, RedisError):
        pytest.skip("no Redis answers")
    finally:
        await redis.aclose()
    async with wire_to(REDIS) as wired:
        yield wired


@pytest.fixture(autouse=True)
def warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    # A server in this process sets a level of its own.
    caplog.set_level(logging.WARNING, logger="models")


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


async def seconds_of(work: object) -> float:
    began = time.monotonic()
    await work  # type: ignore[misc]
    return time.monotonic() - began


@pytest.mark.parametrize("kind", ["refuses", "hangs"])
async def test_a_bus_starts_wakes_and_stops_without_redis(
    kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateways.bus.CONNECT_SECONDS", 0.3)
    async with hanging() as url:
        bus = RedisBus(REFUSES if kind == "refuses" else url)
        assert await seconds_of(bus.start()) < 0.5
        waiting = asyncio.create_task(bus.wait(20))
        await asyncio.sleep(0.01)
        bus.wake()
        assert await seconds_of(waiting) < 1
        async with asyncio.timeout(20):
            while not bus.receiving.is_on:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert bus.is_interrupted
        assert await seconds_of(bus.stop()) < 5
        assert not bus.is_running
    assert len(warnings_of(caplog)) == 1


async def test_a_bus_that_is_stopped_at_any_time_stops() -> None:
    """As a server does whose port is in use; a library may swallow the cancellation."""
    async with hanging() as url:
        for delay in (0, 0.001, 0.05, 0.3):
            bus = RedisBus(url)
            await bus.start()
            await asyncio.sleep(delay)
            assert await seconds_of(bus.stop()) < 5
            assert not bus.is_running


async def test_a_bus_hears_again_once_redis_is_back(caplog: pytest.LogCaptureFixture) -> None:
    async with redis_by_wire() as (wire, url):
        bus, other = RedisBus(url), RedisBus(REDIS)
        for each in (bus, other):
            await each.start()
        await heard(bus, other)
        await wire.cut()
        async with asyncio.timeout(20):
            while not bus.is_interrupted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await wire.join()
        await heard(bus, other)
        assert not bus.receiving.is_on
        for each in (bus, other):
            await each.stop()
    told = warnings_of(caplog)
    assert [line.split()[:3] for line in told] == [["the", "change", "bus"]] * 2
    assert "unavailable" in told[0]
    assert "available again" in told[1]


async def heard(bus: RedisBus, other: RedisBus) -> None:
    """Wake the one until the other hears it."""
    async with asyncio.timeout(20):
        woken = asyncio.create_task(bus.wait(20))
        while not woken.done():
            other.wake()
            await asyncio.sleep(0.05)


class Watched(RedisLink):
    """Counts the questions that reach Redis, or what is in its place."""

    asked = 0

    async def ask(self, question: Callable[[Redis], Awaitable[Any]], **how: Any) -> Any:
        def counted(redis: Redis) -> Awaitable[Any]:
            self.asked += 1
            return question(redis)

        return await super().ask(counted, **how)


@pytest.mark.parametrize("kind", ["refuses", "hangs"])
async def test_persisted_queries_wait_for_redis_once(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with hanging() as url:
        link = Watched(REFUSES if kind == "refuses" else url)
        queries = SharedPersistedQueries(link, b"key")
        for _ in range(20):  # a busy machine says nothing about Redis
            assert await queries.get(HASH) is None
            if link.is_away:
                break
        assert link.is_away  # known to all who ask this Redis, and asked by none of them
        asked = link.asked
        for number in range(50):
            assert await queries.get(f"{number:064}") is None
        await queries.put(HASH, DOCUMENT, "somebody")
        assert await queries.get(HASH) == DOCUMENT
        assert link.asked == asked > 0
        assert await seconds_of(queries.stop()) < 2
    assert len(warnings_of(caplog)) == 1


ONCE = Limit("knock", "somebody", 1, 60)
BUCKET = Bucket(1_000, 1)


def sharers(url: str) -> tuple[RedisLink, SharedCostBuckets, RedisRateLimits]:
    link = RedisLink(url)
    prefix = f"quintet-test:{uuid.uuid4().hex}:"
    costs = SharedCostBuckets(link, prefix=prefix, clock=lambda: 0.0)
    return link, costs, RedisRateLimits(link, os.urandom(16), MemoryRateLimits())


@pytest.mark.parametrize("kind", ["refuses", "hangs"])
async def test_who_meets_that_redis_is_away_meets_it_for_all_who_count(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with hanging() as hangs:
        link, costs, limits = sharers(REFUSES if kind == "refuses" else hangs)
        began = time.monotonic()
        assert (await costs.take("a", 600, BUCKET)).taken
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert link.is_away
        assert limits.degraded
        began = time.monotonic()
        assert not (await costs.take("a", 600, BUCKET)).taken
        assert [await limits.take([ONCE]) for _ in range(2)] == [0, 60]
        assert time.monotonic() - began < PATIENCE_SECONDS
        await limits.stop()
        await costs.stop()
    assert len(warnings_of(caplog)) == 1


async def test_of_a_rush_nobody_waits_longer_than_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with hanging() as url:
        _, costs, _ = sharers(url)
        asked = [costs.take(str(number), 10, BUCKET) for number in range(300)]
        began = time.monotonic()
        assert all(balance.taken for balance in await asyncio.gather(*asked))
        assert time.monotonic() - began < PATIENCE_SECONDS
        await costs.stop()
    assert len(warnings_of(caplog)) == 1


async def test_a_redis_that_is_back_is_counted_in_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gateways.redis_link.SECONDS_FOR_REDIS", 5
    )  # a busy machine is not an outage
    monkeypatch.setattr("models.outages.FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("models.outages.LONGEST_PAUSE_SECONDS", 0.2)
    async with redis_by_wire() as (wire, url):
        link, costs, limits = sharers(url)
        assert (await costs.take("a", 600, BUCKET)).taken
        assert await limits.take([ONCE]) == 0
        await wire.cut()
        async with asyncio.timeout(20):
            while not link.is_away:
                await costs.take("b", 1_000, BUCKET)
        assert (await costs.take("a", 1_000, BUCKET)).taken, "by itself it knows of nothing"
        await wire.join()
        async with asyncio.timeout(20):
            while link.is_away:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert not (await costs.take("a", 600, BUCKET)).taken
        assert 0 < await limits.take([ONCE]) <= 60
        await costs.stop()
    assert [line.split()[-4:] for line in warnings_of(caplog)[1:]] == [
        ["costs", "is", "available", "again"]
    ]


async def test_readiness_asks_briefly() -> None:
    async with hanging() as url:
        for each in (url, REFUSES):
            began = time.monotonic()
            assert await answers(each) is False
            assert time.monotonic() - began < 2


def test_pauses_grow_to_half_a_minute_and_start_anew() -> None:
    outage = Outage("it")
    pauses = [outage.failed(OSError("no")) for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, LONGEST_PAUSE_SECONDS]
    assert outage.is_resting
    outage.worked()
    assert not outage.is_on
    assert outage.failed(OSError("no")) == 1
