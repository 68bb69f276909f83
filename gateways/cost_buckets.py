"""Token buckets of what callers may spend on operations: in this process, or in Redis for all of them.

Every process takes small advances from Redis and spends them by itself, so that few operations wait for
Redis. While Redis does not answer, each process fills buckets of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateways import Balance, Bucket, CostBuckets

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

Clock = Callable[[], float]

KEPT_BUCKETS = 100_000
PREFIX = "quintet:cost:"
# Redis is given so long to answer, and left alone so long after it has not.
REDIS_SECONDS = 0.1
PAUSE_SECONDS = 5.0
ADVANCE_SECONDS = 0.25  # an advance is what is restored meanwhile

# Takes `wanted` if there is so much, else `needed`, else nothing; first gives `returned` back.
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
    """The buckets of this process. Of too many the oldest are forgotten, which fills them."""

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
        """Nothing is open."""


@dataclass(slots=True)
class Advance:
    """What this process has taken from a bucket and not spent; `available`: what was left in Redis.

    `asking` is held by the one operation that asks Redis for all that wait.
    """

    amount: int = 0
    available: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedCostBuckets:
    """Buckets that all processes share by Redis. `now` replaces the clock of Redis in tests."""

    def __init__(
        self,
        redis_url: str,
        *,
        prefix: str = PREFIX,
        clock: Clock = time.monotonic,
        now: Clock | None = None,
    ) -> None:
        from redis.asyncio import Redis

        self._redis: Redis = Redis.from_url(
            redis_url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        )
        self._take: Any = self._redis.register_script(TAKE)
        self._prefix = prefix
        self._clock = clock
        self._now = now
        self._alone = LocalCostBuckets(clock)
        self._alone_until = 0.0
        self._advances: OrderedDict[str, Advance] = OrderedDict()
        self._returning: set[asyncio.Task[None]] = set()

    def take_now(self, key: str, amount: int, bucket: Bucket) -> int | None:
        advance = self._advances.get(key)
        if advance is None or advance.amount < amount or self._is_alone:
            return None
        advance.amount -= amount
        return advance.available + advance.amount

    async def take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        advance = self._advance(key)
        if self._is_alone:
            return await self._alone.take(key, amount, bucket)
        if advance.amount < amount:
            async with advance.asking:
                if advance.amount < amount and not await self._refill(key, amount, bucket, advance):
                    return await self._alone.take(key, amount, bucket)
        if advance.amount < amount:
            missing = amount - advance.amount - advance.available
            return Balance(False, advance.available, max(missing, 0) / bucket.restore_rate)
        advance.amount -= amount
        return Balance(True, advance.available + advance.amount)

    def give_back(self, key: str, amount: int, bucket: Bucket) -> None:
        if self._is_alone:
            self._alone.give_back(key, amount, bucket)
            return
        advance = self._advance(key)
        advance.amount += amount
        if advance.amount > 2 * _size(bucket):  # so much belongs to every process
            returning = asyncio.get_running_loop().create_task(self._return(key, bucket, advance))
            self._returning.add(returning)
            returning.add_done_callback(self._returning.discard)

    async def stop(self) -> None:
        for returning in list(self._returning):
            await returning
        await self._redis.aclose()

    @property
    def _is_alone(self) -> bool:
        """Whether Redis is left alone because it has not answered lately."""
        return self._clock() < self._alone_until

    def _advance(self, key: str) -> Advance:
        advance = self._advances.get(key)
        if advance is None:
            advance = self._advances[key] = Advance()
            if len(self._advances) > KEPT_BUCKETS:
                self._advances.popitem(last=False)
        else:
            self._advances.move_to_end(key)
        return advance

    async def _return(self, key: str, bucket: Bucket, advance: Advance) -> None:
        async with advance.asking:
            if advance.amount > 2 * _size(bucket):
                await self._refill(key, 0, bucket, advance)

    async def _refill(self, key: str, needed: int, bucket: Bucket, advance: Advance) -> bool:
        """Hand in what is left of an advance for another one; False when Redis does not answer."""
        if self._is_alone:
            return False
        returned, advance.amount = advance.amount, 0
        taken = await self._asked(key, needed, needed + _size(bucket), returned, bucket)
        if taken is None:
            advance.amount += returned
            return False
        advance.amount += taken[0]
        advance.available = taken[1]
        return True

    async def _asked(
        self, key: str, needed: int, wanted: int, returned: int, bucket: Bucket
    ) -> tuple[int, int] | None:
        from redis.exceptions import RedisError

        now = -1.0 if self._now is None else self._now()
        numbers = (bucket.capacity, bucket.restore_rate, needed, wanted, returned, now)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                taken, available = await self._take(keys=[self._prefix + key], args=numbers)
        except (OSError, TimeoutError, RedisError) as error:
            if not self._is_alone:
                log.warning("cost buckets are counted by this process alone: %r", error)
            self._alone_until = self._clock() + PAUSE_SECONDS
            return None
        return int(taken), int(available)


def _size(bucket: Bucket) -> int:
    """How much a process takes in advance."""
    return min(int(bucket.restore_rate * ADVANCE_SECONDS), bucket.capacity // 8)


def make_cost_buckets(redis_url: str) -> CostBuckets:
    return SharedCostBuckets(redis_url) if redis_url else LocalCostBuckets()
