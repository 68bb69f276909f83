"""Rate limits: counters in this process, or in Redis for all processes.

An attempt is counted before it is made, in all of its limits or in none, in one atomic step. While Redis is
away each process counts by itself: see `gateways.redis_link`.
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from gateways import Limit, RateLimits
from gateways.redis_link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

MAXIMUM_COUNTERS = 100_000

# KEYS: the counters. ARGV: the operation, the time in ms, then five numbers for each counter.
# A counter has `count`, `till` (no attempt is allowed before) and `ends` (when it expires), in ms.
_SCRIPT = """
local now, wait, rows = tonumber(ARGV[2]), 0, {}
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 5
  local kept = redis.call('HMGET', key, 'count', 'till', 'ends')
  local row = {count = tonumber(kept[1]) or 0, till = tonumber(kept[2]) or 0, ends = tonumber(kept[3]) or 0,
    times = tonumber(ARGV[at]), life = tonumber(ARGV[at + 1]) * 1000,
    delay = tonumber(ARGV[at + 2]) * 1000, longest = tonumber(ARGV[at + 3]) * 1000,
    counts = tonumber(ARGV[at + 4])}
  if row.ends <= now then row.count, row.till, row.ends = 0, 0, now + row.life end
  if row.delay > 0 then
    if row.till > now then wait = math.max(wait, row.till - now) end
  elseif row.count + row.counts > row.times then
    wait = math.max(wait, row.ends - now)
  end
  rows[i] = row
end
if ARGV[1] == 'take' and wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local row = rows[i]
  if ARGV[1] == 'take' then
    row.count = row.count + row.counts
    if row.delay > 0 then
      if row.count >= row.times then
        row.till = now + math.min(row.longest, row.delay * 2 ^ math.min(row.count - row.times, 40))
      end
      row.ends = math.max(row.till, now) + row.life
    end
  else
    row.count = math.max(row.count - row.counts, 0)
    if row.count < row.times then row.till = 0 end
  end
  redis.call('HSET', key, 'count', row.count, 'till', string.format('%d', row.till),
    'ends', string.format('%d', row.ends))
  redis.call('PEXPIREAT', key, string.format('%d', row.ends))
end
return 0
"""


def make_rate_limits(link: RedisLink | None, key: bytes) -> RateLimits:
    """Return counters in Redis, or in this process without it; `key` hides what is counted."""
    memory = MemoryRateLimits()
    return RedisRateLimits(link, key, memory) if link else memory


@dataclass(slots=True)
class _Counter:
    count: int
    till: float
    ends: float


class MemoryRateLimits:
    """Counters of this process; no operation awaits, so each is atomic."""

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
                counter.count = max(counter.count - limit.counts, 0)
                if counter.count < limit.times:
                    counter.till = 0

    async def forget(self, limits: Sequence[Limit]) -> None:
        for limit in limits:
            self._counters.pop((limit.what, limit.whom), None)

    async def stop(self) -> None:
        self._counters.clear()

    @property
    def kept(self) -> int:
        """The number of counters."""
        return len(self._counters)

    def _counter(self, limit: Limit, now: float) -> _Counter:
        counter = self._counters.get((limit.what, limit.whom))
        if counter is None or counter.ends <= now:
            return _Counter(0, 0, now + limit.seconds)
        return counter

    def _keep(self, limit: Limit, counter: _Counter, now: float) -> None:
        """Store the counter and limit their number.

        Expired counters are dropped first, then the oldest ones that delay no attempt.
        """
        self._counters.pop((limit.what, limit.whom), None)
        if len(self._counters) >= MAXIMUM_COUNTERS:
            live = [(key, each) for key, each in self._counters.items() if each.ends > now]
            live.sort(key=lambda pair: pair[1].till > now)  # stable: oldest first among equals
            self._counters = dict(live[max(0, len(live) - MAXIMUM_COUNTERS // 2) :])
        self._counters[limit.what, limit.whom] = counter


class RedisRateLimits:
    """Counters that all processes share, under keyed hashes of their names."""

    def __init__(
        self,
        link: RedisLink,
        key: bytes,
        memory: MemoryRateLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._link, self._key = link, key
        self._memory = memory
        self._clock = clock

    @property
    def degraded(self) -> bool:
        """Whether Redis does not respond, so that each process counts by itself."""
        return self._link.is_away

    async def take(self, limits: Sequence[Limit]) -> int:
        if not limits:
            return 0
        wait = await self._link.ask(lambda redis: self._run(redis, "take", limits), twice=True)
        return await self._memory.take(limits) if wait is None else math.ceil(wait / 1000)

    async def give_back(self, limits: Sequence[Limit]) -> None:
        if not limits:
            return
        given = await self._link.ask(lambda redis: self._run(redis, "give back", limits))
        if given is None:
            await self._memory.give_back(limits)

    async def forget(self, limits: Sequence[Limit]) -> None:
        await self._memory.forget(limits)  # also those counted while Redis was away
        if names := [self._name(limit) for limit in limits]:
            await self._link.ask(lambda redis: redis.delete(*names), twice=True)

    async def stop(self) -> None:
        await self._link.stop()

    async def _run(self, redis: Redis, operation: str, limits: Sequence[Limit]) -> int:
        names = [self._name(limit) for limit in limits]
        numbers = [
            number
            for each in limits
            for number in (each.times, each.seconds, each.delay, each.longest, each.counts)
        ]
        now = int(self._clock() * 1000)
        return int(await redis.eval(_SCRIPT, len(names), *names, operation, now, *numbers))

    def _name(self, limit: Limit) -> str:
        text = f"{limit.what}\0{limit.whom}".encode()
        return f"quintet:limit:{hmac.new(self._key, text, sha256).hexdigest()[:32]}"


def _wait(limit: Limit, counter: _Counter, now: float) -> float:
    if limit.delay:
        return counter.till - now
    return counter.ends - now if counter.count + limit.counts > limit.times else 0


def _count(limit: Limit, counter: _Counter, now: float) -> None:
    counter.count += limit.counts
    if not limit.delay:
        counter.till = counter.ends if counter.count >= limit.times else 0
        return
    if counter.count >= limit.times:
        doubled = limit.delay * 2 ** min(counter.count - limit.times, 40)
        counter.till = now + min(limit.longest, doubled)
    counter.ends = max(counter.till, now) + limit.seconds
