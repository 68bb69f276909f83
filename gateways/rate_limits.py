"""Counters of what may be done only so often: in this process, or in Redis for all processes.

An attempt is counted before it is made, in all its limits or in none of them, in one step that no other
attempt can come between. Without an answer from Redis within `SECONDS_FOR_REDIS` a process counts by itself,
and asks in the background until Redis is back.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog

from gateways import Limit, RateLimits
from gateways.redis_client import close_redis, redis_at, redis_errors

if TYPE_CHECKING:
    from redis.asyncio import Redis

SECONDS_FOR_REDIS = 0.08
SECONDS_BETWEEN_PROBES = 1.0
CONNECTIONS = 4
MAXIMUM_COUNTERS = 100_000
log = structlog.get_logger(__name__)

# KEYS: the counters. ARGV: the operation, the time in ms, then times, seconds, delay and longest of each.
# A counter has `count`, `till` (none is allowed before) and `ends` (when it is forgotten), times in ms.
_SCRIPT = """
local now, wait, rows = tonumber(ARGV[2]), 0, {}
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 4
  local kept = redis.call('HMGET', key, 'count', 'till', 'ends')
  local row = {count = tonumber(kept[1]) or 0, till = tonumber(kept[2]) or 0, ends = tonumber(kept[3]) or 0,
    times = tonumber(ARGV[at]), life = tonumber(ARGV[at + 1]) * 1000,
    delay = tonumber(ARGV[at + 2]) * 1000, longest = tonumber(ARGV[at + 3]) * 1000}
  if row.ends <= now then row.count, row.till, row.ends = 0, 0, now + row.life end
  if row.delay > 0 then
    if row.till > now then wait = math.max(wait, row.till - now) end
  elseif row.count >= row.times then
    wait = math.max(wait, row.ends - now)
  end
  rows[i] = row
end
if ARGV[1] == 'take' and wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local row = rows[i]
  if ARGV[1] == 'take' then
    row.count = row.count + 1
    if row.delay > 0 then
      if row.count >= row.times then
        row.till = now + math.min(row.longest, row.delay * 2 ^ math.min(row.count - row.times, 40))
      end
      row.ends = math.max(row.till, now) + row.life
    end
  else
    row.count = math.max(row.count - 1, 0)
    if row.count < row.times then row.till = 0 end
  end
  redis.call('HSET', key, 'count', row.count, 'till', string.format('%d', row.till),
    'ends', string.format('%d', row.ends))
  redis.call('PEXPIREAT', key, string.format('%d', row.ends))
end
return 0
"""


def make_rate_limits(redis_url: str, key: bytes) -> RateLimits:
    """Counters in Redis, or in this process where there is none; `key` hides what is counted."""
    memory = MemoryRateLimits()
    return RedisRateLimits(redis_url, key, memory) if redis_url else memory


@dataclass(slots=True)
class _Counter:
    count: int
    till: float
    ends: float


class MemoryRateLimits:
    """Counters of this process; no operation awaits, so each is one step."""

    degraded = False

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counters: dict[tuple[str, str], _Counter] = {}

    async def take(self, limits: Sequence[Limit]) -> int:
        now = self._clock()
        counters = [self._counter(limit, now) for limit in limits]
        pairs = list(zip(limits, counters, strict=True))
        if (wait := max((_wait(*pair, now) for pair in pairs), default=0.0)) > 0:
            return math.ceil(wait)
        for limit, counter in pairs:
            _count(limit, counter, now)
            self._keep(limit, counter, now)
        return 0

    async def give_back(self, limits: Sequence[Limit]) -> None:
        for limit in limits:
            if counter := self._counters.get((limit.what, limit.whom)):
                counter.count = max(counter.count - 1, 0)
                if counter.count < limit.times:
                    counter.till = 0

    async def forget(self, limits: Sequence[Limit]) -> None:
        for limit in limits:
            self._counters.pop((limit.what, limit.whom), None)

    async def stop(self) -> None:
        self._counters.clear()

    def _counter(self, limit: Limit, now: float) -> _Counter:
        counter = self._counters.get((limit.what, limit.whom))
        if counter is None or counter.ends <= now:
            return _Counter(0, 0, now + limit.seconds)
        return counter

    def _keep(self, limit: Limit, counter: _Counter, now: float) -> None:
        """Bound the memory: drop what has ended, then what nobody waits for and was counted longest ago."""
        self._counters.pop((limit.what, limit.whom), None)
        if len(self._counters) >= MAXIMUM_COUNTERS:
            live = [(key, each) for key, each in self._counters.items() if each.ends > now]
            live.sort(key=lambda pair: pair[1].till > now)  # stable: oldest first among equals
            self._counters = dict(live[max(0, len(live) - MAXIMUM_COUNTERS // 2) :])
        self._counters[limit.what, limit.whom] = counter


class RedisRateLimits:
    """Counters that all processes share, by names that say nothing about whom they count."""

    def __init__(
        self,
        url: str,
        key: bytes,
        memory: MemoryRateLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url, self._key = url, key
        self._memory = memory
        self._clock = clock
        # Made at once, though nothing connects yet: the library takes long to load.
        self._redis: Redis | None = redis_at(url, seconds=SECONDS_FOR_REDIS)
        self._probing: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(CONNECTIONS)

    @property
    def degraded(self) -> bool:
        """Whether Redis does not answer, so that each process counts by itself."""
        return self._probing is not None

    async def take(self, limits: Sequence[Limit]) -> int:
        if not limits:
            return 0
        wait = await self._asked(lambda redis: self._run(redis, "take", limits))
        return await self._memory.take(limits) if wait is None else math.ceil(wait / 1000)

    async def give_back(self, limits: Sequence[Limit]) -> None:
        if not limits:
            return
        if await self._asked(lambda redis: self._run(redis, "give back", limits)) is None:
            await self._memory.give_back(limits)

    async def forget(self, limits: Sequence[Limit]) -> None:
        await self._memory.forget(limits)  # of a time when Redis was away, too
        if names := [self._name(limit) for limit in limits]:
            await self._asked(lambda redis: redis.delete(*names))

    async def stop(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
            self._probing = None
        if self._redis is not None:
            await close_redis(self._redis)
            self._redis = None

    async def _asked(self, ask: Callable[[Redis], Awaitable[Any]]) -> int | None:
        """What Redis says, or None at once while it is known to be away, and soon if it is not."""
        redis = self._connected()
        async with (
            self._turns
        ):  # of a rush, few wait for Redis, and the rest until it is known to be away
            if self._probing is not None:
                return None
            for is_last in (False, True):
                began = time.monotonic()
                try:
                    async with asyncio.timeout(SECONDS_FOR_REDIS):
                        return int(await ask(redis))
                except redis_errors() as error:
                    was_held = time.monotonic() - began > 1.5 * SECONDS_FOR_REDIS
                    if not was_held:
                        self._begin_probing(error)
                    # Held by this process itself, which says nothing about Redis. Asked again, it may
                    # count twice.
                    if not was_held or is_last:
                        return None
        return None

    async def _run(self, redis: Redis, operation: str, limits: Sequence[Limit]) -> int:
        names = [self._name(limit) for limit in limits]
        numbers = [
            number
            for each in limits
            for number in (each.times, each.seconds, each.delay, each.longest)
        ]
        now = int(self._clock() * 1000)
        return await redis.eval(_SCRIPT, len(names), *names, operation, now, *numbers)

    def _connected(self) -> Redis:
        if self._redis is None:
            self._redis = redis_at(self._url, seconds=SECONDS_FOR_REDIS)
        return self._redis

    def _begin_probing(self, error: BaseException) -> None:
        if self._probing is None:
            log.warning("Redis does not answer: each process counts by itself", error=repr(error))
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        """Ask until Redis answers; connections of before are dropped, as what they read is unknown."""
        while True:
            try:
                async with asyncio.timeout(SECONDS_FOR_REDIS):
                    redis = self._connected()
                    await redis.connection_pool.disconnect(inuse_connections=True)
                    await redis.ping()
                break
            except redis_errors():
                await asyncio.sleep(SECONDS_BETWEEN_PROBES)
        log.info("Redis answers again")
        self._probing = None

    def _name(self, limit: Limit) -> str:
        text = f"{limit.what}\0{limit.whom}".encode()
        return f"quintet:limit:{hmac.new(self._key, text, sha256).hexdigest()[:32]}"


def _wait(limit: Limit, counter: _Counter, now: float) -> float:
    if limit.delay:
        return counter.till - now
    return counter.ends - now if counter.count >= limit.times else 0


def _count(limit: Limit, counter: _Counter, now: float) -> None:
    counter.count += 1
    if not limit.delay:
        return
    if counter.count >= limit.times:
        doubled = limit.delay * 2 ** min(counter.count - limit.times, 40)
        counter.till = now + min(limit.longest, doubled)
    counter.ends = max(counter.till, now) + limit.seconds
