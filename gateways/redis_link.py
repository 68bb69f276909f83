"""A circuit breaker around the Redis that holds counters.

When one caller finds that Redis does not respond, all callers count by themselves at once. Redis is then
pinged in the background, at increasing intervals, until it responds. The outage is logged when it begins
and when it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from gateways.redis_client import close_redis, redis_at, redis_errors
from models.outages import Outage

if TYPE_CHECKING:
    from redis.asyncio import Redis

SECONDS_FOR_REDIS = 0.08
CONNECTIONS = 8


class RedisLink:
    """A breaker around one client; `stop` closes the client, and the next question opens it again."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Created at once, although nothing connects yet, because the library loads slowly.
        self._redis: Redis | None = self._client()
        self._outage = Outage("Redis for limits and costs")
        self._probing: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(CONNECTIONS)

    @property
    def is_away(self) -> bool:
        """Whether Redis does not respond, so that each process counts by itself."""
        return self._probing is not None

    async def ask(
        self, question: Callable[[Redis], Awaitable[Any]], *, twice: bool = False
    ) -> Any | None:
        """Return Redis's answer; None at once while it is known to be away, and within a short timeout
        otherwise.

        `twice`: ask again if this process itself was busy, so that Redis may count the question twice.
        """
        # Only a few callers wait for Redis; the others wait for a slot or until it is known to be away.
        async with self._slots:
            for is_last in (not twice, True):
                if self.is_away:
                    return None
                began = time.monotonic()
                try:
                    async with asyncio.timeout(SECONDS_FOR_REDIS):
                        return await question(self._connected())
                except redis_errors() as error:
                    # This process itself was busy, which says nothing about Redis.
                    was_held = time.monotonic() - began > 1.5 * SECONDS_FOR_REDIS
                    if not was_held:
                        self._begin_probing(error)
                    if not was_held or is_last:
                        return None
        return None

    async def stop(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
            self._probing = None
        if self._redis is not None:
            redis, self._redis = self._redis, None
            await close_redis(redis)

    def _client(self) -> Redis:
        return redis_at(self._url, seconds=SECONDS_FOR_REDIS)

    def _connected(self) -> Redis:
        if self._redis is None:
            self._redis = self._client()
        return self._redis

    def _begin_probing(self, error: Exception) -> None:
        if self._probing is None:
            self._probing = asyncio.create_task(self._probe(self._outage.failed(error)))

    async def _probe(self, pause: float) -> None:
        """Ping until Redis responds; older connections are dropped because their read position is unknown."""
        while True:
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(SECONDS_FOR_REDIS):
                    redis = self._connected()
                    await redis.connection_pool.disconnect(inuse_connections=True)
                    await redis.ping()
                break
            except redis_errors() as error:
                pause = self._outage.failed(error)
        self._outage.worked()
        self._probing = None
