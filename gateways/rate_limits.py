"""Counting what may be done only so often: in this process, or in Redis for all of them."""

from __future__ import annotations

from typing import Protocol

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter


class RateLimits(Protocol):
    async def hit(self, what: str, whom: str, times: int, seconds: int) -> bool:
        """Count one; False when `whom` has done `what` `times` in the last `seconds` already."""

    async def is_spent(self, what: str, whom: str, times: int, seconds: int) -> bool:
        """Whether another hit would be refused; counts nothing."""


class WindowRateLimits:
    def __init__(self, redis_url: str = "") -> None:
        storage = (
            RedisStorage(f"async+{redis_url}", implementation="redispy")
            if redis_url
            else MemoryStorage()
        )
        self._limiter = MovingWindowRateLimiter(storage)

    async def hit(self, what: str, whom: str, times: int, seconds: int) -> bool:
        return await self._limiter.hit(RateLimitItemPerSecond(times, seconds), what, whom)

    async def is_spent(self, what: str, whom: str, times: int, seconds: int) -> bool:
        return not await self._limiter.test(RateLimitItemPerSecond(times, seconds), what, whom)
