"""Buckets give what is in them and no more, in one process or in several, with Redis or without."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateways import Bucket
from gateways.cost_buckets import KEPT_BUCKETS, LocalCostBuckets, SharedCostBuckets
from gateways.redis_link import RedisLink

REDIS = os.environ.get("QUINTET_TEST_REDIS_URL", "redis://127.0.0.1:6379")
BUCKET = Bucket(capacity=1_000, restore_rate=100)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_bucket_is_full_at_first_and_gives_what_is_in_it(clock: Clock) -> None:
    buckets = LocalCostBuckets(clock)
    assert (await buckets.take("a", 600, BUCKET)).available == 400
    refused = await buckets.take("a", 500, BUCKET)
    assert (refused.taken, refused.available, refused.seconds) == (False, 400, 1.0)
    assert (await buckets.take("a", 400, BUCKET)).taken
    assert (await buckets.take("b", 1_000, BUCKET)).taken


async def test_it_fills_with_time_and_never_beyond(clock: Clock) -> None:
    buckets = LocalCostBuckets(clock)
    await buckets.take("a", 1_000, BUCKET)
    clock.now += 2.5
    assert not (await buckets.take("a", 251, BUCKET)).taken
    assert (await buckets.take("a", 250, BUCKET)).taken
    clock.now += 1_000_000
    assert (await buckets.take("a", 0, BUCKET)).available == 1_000


async def test_what_is_given_back_can_be_taken_again(clock: Clock) -> None:
    buckets = LocalCostBuckets(clock)
    await buckets.take("a", 1_000, BUCKET)
    buckets.give_back("a", 300, BUCKET)
    assert (await buckets.take("a", 300, BUCKET)).available == 0
    buckets.give_back("a", 5_000, BUCKET)
    assert (await buckets.take("a", 0, BUCKET)).available == 1_000
    buckets.give_back("nobody", 5_000, BUCKET)


async def test_the_buckets_of_a_process_are_bounded(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateways.cost_buckets.KEPT_BUCKETS", 3)
    assert KEPT_BUCKETS >= 10_000
    buckets = LocalCostBuckets(clock)
    for key in ("a", "b", "c", "d"):
        await buckets.take(key, 500, BUCKET)
    assert (await buckets.take("d", 0, BUCKET)).available == 500
    assert (await buckets.take("a", 0, BUCKET)).available == 1_000


@pytest.fixture
def prefix() -> str:
    return f"quintet-test:{uuid.uuid4().hex}:"


@pytest.fixture
async def processes(
    prefix: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[SharedCostBuckets]]:
    """Two processes on one Redis, whose clock is the test's."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    redis = Redis.from_url(REDIS, socket_timeout=2)
    try:
        await redis.ping()
    except (OSError, RedisError):
        pytest.skip("there is no Redis")
    # However slow the machine is: what is tested is the counting.
    monkeypatch.setattr("gateways.redis_link.SECONDS_FOR_REDIS", 10)
    made = [
        SharedCostBuckets(RedisLink(REDIS), prefix=prefix, clock=clock, now=clock) for _ in range(2)
    ]
    yield made
    for each in made:
        await each.stop()
    async for key in redis.scan_iter(prefix + "*"):
        assert await redis.pttl(key) > 0
        await redis.delete(key)
    await redis.aclose()


async def test_processes_share_a_bucket_and_together_give_no_more_than_is_in_it(
    processes: list[SharedCostBuckets],
) -> None:
    taken = [(await processes[number % 2].take("a", 10, BUCKET)).taken for number in range(300)]
    assert sum(taken) <= 100
    assert sum(taken) >= 95  # an advance in the other process can be what is missing


async def test_parallel_takers_get_no_more_than_is_in_it(
    processes: list[SharedCostBuckets],
) -> None:
    asked = [processes[number % 2].take("a", 10, BUCKET) for number in range(300)]
    assert 95 <= sum(balance.taken for balance in await asyncio.gather(*asked)) <= 100


async def test_a_shared_bucket_fills_with_time(
    processes: list[SharedCostBuckets], clock: Clock
) -> None:
    one, other = processes
    assert (await one.take("a", 1_000, BUCKET)).available == 0
    refused = await other.take("a", 200, BUCKET)
    assert (refused.taken, refused.available, refused.seconds) == (False, 0, 2.0)
    clock.now += 2
    assert (await other.take("a", 200, BUCKET)).taken
    clock.now += 1_000
    assert (await one.take("a", 1_000, BUCKET)).taken


async def test_what_one_process_is_given_back_the_other_can_take(
    processes: list[SharedCostBuckets],
) -> None:
    one, other = processes
    assert (await one.take("a", 1_000, BUCKET)).taken
    one.give_back("a", 900, BUCKET)
    await one.stop()  # what it hands in has arrived
    assert (await other.take("a", 800, BUCKET)).taken


async def test_an_idle_caller_finds_a_full_bucket_again(
    processes: list[SharedCostBuckets], clock: Clock
) -> None:
    for each in processes:
        await each.take("a", 10, BUCKET)
    clock.now += 60
    assert (await processes[0].take("a", 1_000, BUCKET)).taken


async def test_who_stops_waiting_takes_nothing(processes: list[SharedCostBuckets]) -> None:
    one, other = processes
    for steps in range(8):
        waiting = asyncio.create_task(one.take("a", 700, BUCKET))
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
    await one.stop()  # what it hands in has arrived
    assert (await other.take("a", 800, BUCKET)).taken


class Silent(RedisLink):
    """Redis counts what it is asked, and its answer is lost on the way while `is_silent`."""

    is_silent = False

    async def ask(self, question: Any, **how: Any) -> Any:
        answer = await super().ask(question, **how)
        return None if self.is_silent else answer


async def test_an_answer_that_is_lost_gives_nobody_more_than_is_in_the_bucket(
    processes: list[SharedCostBuckets], prefix: str, clock: Clock
) -> None:
    """Nor is more than twice an advance and one price missing from it afterwards."""
    link = Silent(REDIS)
    one = SharedCostBuckets(link, prefix=prefix, now=clock)
    assert (await one.take("a", 100, BUCKET)).taken
    one.give_back("a", 25, BUCKET)  # what it holds is now an advance twice as large
    link.is_silent = True
    assert (await one.take("a", 100, BUCKET)).taken  # by the process alone
    link.is_silent = False
    taken = sum([(await one.take("a", 5, BUCKET)).taken for _ in range(300)]) * 5
    taken += sum([(await processes[1].take("a", 5, BUCKET)).taken for _ in range(300)]) * 5
    assert 1_000 - 75 - 100 - 3 * 25 <= taken <= 1_000 - 75
    await one.stop()


async def test_without_redis_each_process_counts_by_itself(clock: Clock) -> None:
    buckets = SharedCostBuckets(RedisLink("redis://127.0.0.1:1"), clock=clock)
    taken = [(await buckets.take("a", 10, BUCKET)).taken for _ in range(150)]
    assert sum(taken) == 100
    buckets.give_back("a", 10, BUCKET)
    assert (await buckets.take("a", 10, BUCKET)).taken
    await buckets.stop()


class Asked(RedisLink):
    times = 0

    async def ask(self, question: Any, **how: Any) -> Any:
        self.times += 1
        return await super().ask(question, **how)


async def test_while_a_bucket_is_known_to_be_empty_redis_is_not_asked(
    processes: list[SharedCostBuckets], prefix: str, clock: Clock
) -> None:
    link = Asked(REDIS)
    one, other = processes[0], SharedCostBuckets(link, prefix=prefix, clock=clock, now=clock)
    assert (await one.take("a", 1_000, BUCKET)).taken
    assert not (await other.take("a", 200, BUCKET)).taken
    link.times = 0
    clock.now += 1
    for _ in range(50):
        refused = await other.take("a", 200, BUCKET)
        assert (refused.taken, refused.available, refused.seconds) == (False, 100, 1.0)
    assert link.times == 0
    assert (await other.take("a", 50, BUCKET)).taken  # so much is there by now
    assert link.times == 1
    clock.now += 2
    assert (await other.take("a", 200, BUCKET)).taken
    assert not (await other.take("b", 1_001, BUCKET)).taken
    assert (await other.take("b", 900, BUCKET)).taken  # another bucket, and less than was refused
    await other.stop()
