"""Counting what may be done only so often: in this process, or in Redis for all of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from limits.aio.strategies import MovingWindowRateLimiter


class RateLimits(Protocol):
    async def hit(self, what: str, whom: str, times: int, seconds: int) -> bool:
        """Count one; False when `whom` has done `what` `times` in the last `seconds` already."""

    async def is_spent(self, what: str, whom: str, times: int, seconds: int) -> bool:
        """Whether another hit would be refused; counts nothing."""


class WindowRateLimits:
    def __init__(self, redis_url: str = "") -> None:
        self._redis_url = redis_url

    @cached_property
    def _limiter(self) -> MovingWindowRateLimiter:
        """Made when it is first asked: `limits` takes long to load."""
        from limits.aio.storage import MemoryStorage, RedisStorage
        from limits.aio.strategies import MovingWindowRateLimiter

        if not self._redis_url:
            return MovingWindowRateLimiter(MemoryStorage())
        url = f"async+{self._redis_url}"
        return MovingWindowRateLimiter(RedisStorage(url, implementation="redispy"))

    async def hit(self, what: str, whom: str, times: int, seconds: int) -> bool:
        from limits import RateLimitItemPerSecond

        return await self._limiter.hit(RateLimitItemPerSecond(times, seconds), what, whom)

    async def is_spent(self, what: str, whom: str, times: int, seconds: int) -> bool:
        from limits import RateLimitItemPerSecond

        return not await self._limiter.test(RateLimitItemPerSecond(times, seconds), what, whom)
