"""Token buckets for the cost of operations: in this process, or in Redis for all processes.

Each process takes small advances from Redis and spends them by itself, so that few operations wait for
Redis. While Redis is away each process uses its own buckets: see `gateways.redis_link`.

An amount taken for a cancelled caller is returned. If Redis does not respond, it is unknown whether it has
counted the request, and the amount counts as taken: a shared bucket never gives more than it holds. At each
outage of Redis a caller may lose the amounts that were being requested and returned.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any, TypeVar

from gateways import Balance, Bucket, CostBuckets
from gateways.redis_link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")
Clock = Callable[[], float]

KEPT_BUCKETS = 100_000
PREFIX = "quintet:cost:"
ADVANCE_SECONDS = 0.25  # an advance is the amount restored in this time

# Adds `returned`, then takes `wanted` if the level allows, else `needed`, else nothing.
TAKE = """
local capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local needed, wanted, returned = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(ARGV[6])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local found = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(found[1]) or capacity, tonumber(found[2]) or now
level = math.min(capacity, level + math.max(0, now - at) * rate + returned)
local taken = 0
if level >= wanted then taken = wanted elseif level >= needed then taken = needed end
level = level - taken
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 60000)
return {taken, math.floor(level)}
"""


class LocalCostBuckets:
    """The buckets of this process. Beyond `KEPT_BUCKETS` the oldest are forgotten, which refills them."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, list[float]] = {}

    def take_now(self, key: str, amount: int, bucket: Bucket) -> int | None:
        state = self._levels.get(key)
        if state is None:
            return None
        now = self._clock()
        level = state[0] + (now - state[1]) * bucket.restore_rate
        if level > bucket.capacity:
            level = bucket.capacity
        if level < amount:
            return None
        state[0] = level = level - amount
        state[1] = now
        return int(level)

    async def take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        if key not in self._levels:
            self._levels[key] = [bucket.capacity, self._clock()]
            if len(self._levels) > KEPT_BUCKETS:
                del self._levels[next(iter(self._levels))]
        available = self.take_now(key, amount, bucket)
        if available is not None:
            return Balance(True, available)
        level = self.take_now(key, 0, bucket) or 0
        return Balance(False, level, max(amount - level, 0) / bucket.restore_rate)

    def give_back(self, key: str, amount: int, bucket: Bucket) -> None:
        if state := self._levels.get(key):
            state[0] = min(state[0] + amount, bucket.capacity)

    async def stop(self) -> None:
        """Do nothing: there is no connection."""


@dataclass(slots=True)
class Advance:
    """The unspent amount that this process has taken from a bucket; `available` is what was left in Redis.

    `refused_at` is when Redis last had too little, None after it has given. The one operation that asks
    Redis on behalf of all waiting ones holds `asking`.
    """

    amount: int = 0
    available: int = 0
    refused_at: float | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedCostBuckets:
    """Buckets that all processes share through Redis. `now` replaces the clock of Redis in tests."""

    def __init__(
        self,
        link: RedisLink,
        *,
        prefix: str = PREFIX,
        clock: Clock = time.monotonic,
        now: Clock | None = None,
    ) -> None:
        self._link = link
        self._prefix = prefix
        self._now = now
        self._clock = clock
        self._alone = LocalCostBuckets(clock)
        self._advances: OrderedDict[str, Advance] = OrderedDict()
        self._asking: set[asyncio.Task[Any]] = set()

    def take_now(self, key: str, amount: int, bucket: Bucket) -> int | None:
        advance = self._advances.get(key)
        if advance is None or advance.amount < amount or self._link.is_away:
            return None
        advance.amount -= amount
        return advance.available + advance.amount

    async def take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        if self._link.is_away:
            return await self._alone.take(key, amount, bucket)
        taking = self._begin(self._take(key, amount, bucket))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(partial(self._undo, key, amount, bucket))
            raise

    def give_back(self, key: str, amount: int, bucket: Bucket) -> None:
        if self._link.is_away:
            self._alone.give_back(key, amount, bucket)
            return
        advance = self._advance(key)
        advance.amount += amount
        if advance.amount > 2 * _size(bucket):  # too much for one process to keep
            self._begin(self._return(key, bucket, advance))

    async def stop(self) -> None:
        while self._asking:
            await asyncio.wait(set(self._asking))
        await self._link.stop()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start work that continues when its caller is cancelled."""
        task = asyncio.get_running_loop().create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return task

    def _undo(self, key: str, amount: int, bucket: Bucket, taking: asyncio.Task[Balance]) -> None:
        if not taking.cancelled() and not taking.exception() and taking.result().taken:
            self.give_back(key, amount, bucket)

    def _advance(self, key: str) -> Advance:
        advance = self._advances.get(key)
        if advance is None:
            advance = self._advances[key] = Advance()
            if len(self._advances) > KEPT_BUCKETS:
                self._advances.popitem(last=False)
        else:
            self._advances.move_to_end(key)
        return advance

    async def _take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        advance = self._advance(key)
        async with advance.asking:
            if (left := self._known_to_lack(amount, bucket, advance)) is not None:
                return Balance(False, floor(left), (amount - left) / bucket.restore_rate)
            if advance.amount < amount and not await self._refill(key, amount, bucket, advance):
                return await self._alone.take(key, amount, bucket)
            if advance.amount < amount:
                missing = amount - advance.amount - advance.available
                advance.refused_at = self._clock()
                return Balance(False, advance.available, max(missing, 0) / bucket.restore_rate)
            advance.refused_at = None
            advance.amount -= amount
            return Balance(True, advance.available + advance.amount)

    def _known_to_lack(self, amount: int, bucket: Bucket, advance: Advance) -> float | None:
        """Return the maximum available amount if it is less than `amount`; then Redis need not be asked.

        Amounts that other processes return meanwhile are ignored until then: a refused caller waits the
        full time.
        """
        if advance.refused_at is None or advance.amount >= amount:
            return None
        restored = (self._clock() - advance.refused_at) * bucket.restore_rate
        left = min(bucket.capacity, advance.amount + advance.available + restored)
        return left if left < amount else None

    async def _return(self, key: str, bucket: Bucket, advance: Advance) -> None:
        async with advance.asking:
            if advance.amount > 2 * _size(bucket):
                await self._refill(key, 0, bucket, advance)

    async def _refill(self, key: str, needed: int, bucket: Bucket, advance: Advance) -> bool:
        """Return the rest of an advance and take another one; return False when Redis does not respond."""
        if self._link.is_away:
            return False
        returned, advance.amount = advance.amount, 0
        now = -1.0 if self._now is None else self._now()
        wanted = needed + _size(bucket)
        numbers = (bucket.capacity, bucket.restore_rate, needed, wanted, returned, now)

        async def take(redis: Redis) -> Any:
            return await redis.register_script(TAKE)(keys=[self._prefix + key], args=numbers)

        answer = await self._link.ask(take)
        if answer is None:
            return False
        taken, available = map(int, answer)
        advance.amount += taken
        advance.available = available
        return True


def _size(bucket: Bucket) -> int:
    """Return the size of an advance."""
    return min(int(bucket.restore_rate * ADVANCE_SECONDS), bucket.capacity // 8)


def make_cost_buckets(link: RedisLink | None) -> CostBuckets:
    return SharedCostBuckets(link) if link else LocalCostBuckets()
