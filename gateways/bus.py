"""Waking those who wait for changes: within the process, and across processes by Redis or PostgreSQL.

Source: PostgreSQL NOTIFY; Redis publish and subscribe. Both carry no content, so a lost message costs
a short wait and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

import asyncpg

from models.error_text import message_of

CHANNEL = "quintet_changes"
RECONNECT_SECONDS = 1.0
PAUSE_SECONDS = (
    0.01  # between two messages to other processes: what comes meanwhile goes with the next
)
log = logging.getLogger(__name__)


class LocalBus:
    """Wakes the waiters of this process."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        self.wake()


class RemoteBus(LocalBus, ABC):
    """Wakes every process: `_listen` hears the others, `_tell` reaches them; calls are coalesced."""

    interruptions: tuple[type[Exception], ...] = (
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    )

    def __init__(self) -> None:
        super().__init__()
        self._untold = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        super().wake()
        self._untold.set()

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._forever(work)) for work in (self._listen, self._tell)
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().stop()

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except self.interruptions as error:
                log.warning("change bus interrupted, reconnecting: %s", message_of(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    @abstractmethod
    async def _listen(self) -> None: ...

    @abstractmethod
    async def _tell(self) -> None: ...


class RedisBus(RemoteBus):
    def __init__(self, url: str) -> None:
        # Imported where it is used, as all that takes long to load and not every server needs.
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        super().__init__()
        self.interruptions = (OSError, RedisError)
        self._redis = Redis.from_url(url)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "message":
                    LocalBus.wake(self)

    async def _tell(self) -> None:
        while True:
            await self._untold.wait()
            self._untold.clear()
            await self._redis.publish(CHANNEL, b"")
            await asyncio.sleep(PAUSE_SECONDS)

    async def stop(self) -> None:
        await super().stop()
        await self._redis.aclose()


class PostgresBus(RemoteBus):
    """LISTEN and NOTIFY on one connection of its own, so that the pool's carry no session state."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: LocalBus.wake(self))
            await lost.wait()
        finally:
            await connection.close()

    async def _tell(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            while True:
                await self._untold.wait()
                self._untold.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await connection.close()


def make_bus(database_url: str, redis_url: str) -> LocalBus:
    """Redis where there is one, else PostgreSQL where that is the database, else this process alone."""
    if redis_url:
        return RedisBus(redis_url)
    if database_url.startswith(("postgres://", "postgresql://")):
        return PostgresBus(database_url)
    return LocalBus()
