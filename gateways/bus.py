"""Notification of new changes: within the process, and across processes by Redis or PostgreSQL.

Messages carry no content, so a lost message only causes a short delay.

Source: PostgreSQL NOTIFY; Redis publish and subscribe.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

import asyncpg

from gateways.redis_client import close_redis, redis_at, redis_errors
from models.outages import Outage

CHANNEL = "quintet_changes"
CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 15.0  # after which Redis is pinged
STOP_SECONDS = 0.5
STOP_ATTEMPTS = 4
PAUSE_SECONDS = 0.01  # between two messages to other processes; later wakes share the next message


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
        """Do nothing: there is no connection."""

    async def stop(self) -> None:
        self.wake()


class RemoteBus(LocalBus, ABC):
    """Wakes every process: `_listen` receives notifications, `_tell` sends them; calls are coalesced.

    Without a connection it wakes this process alone and reconnects at increasing intervals.
    """

    interruptions: tuple[type[Exception], ...] = (
        OSError,
        TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    )

    def __init__(self) -> None:
        super().__init__()
        self._untold = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.hearing = Outage("the change bus")
        self.telling = Outage("the change bus, to tell others,", level=logging.DEBUG)

    @property
    def is_interrupted(self) -> bool:
        return self.hearing.is_on or self.telling.is_on

    @property
    def is_running(self) -> bool:
        return any(not task.done() for task in self._tasks)

    def wake(self) -> None:
        super().wake()
        self._untold.set()

    async def start(self) -> None:
        self._tasks = {
            asyncio.create_task(self._forever(self._listen, self.hearing)),
            asyncio.create_task(self._forever(self._tell, self.telling)),
        }

    async def stop(self) -> None:
        """Stop within about two seconds, even if a library swallows a cancellation."""
        self._stopping = True
        for _ in range(STOP_ATTEMPTS):
            running = {task for task in self._tasks if not task.done()}
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running, timeout=STOP_SECONDS)
        await super().stop()

    async def _forever(self, work: Callable[[], Awaitable[None]], outage: Outage) -> None:
        while not self._stopping:
            try:
                await work()
            except self.interruptions as error:
                await asyncio.sleep(outage.failed(error))

    @abstractmethod
    async def _listen(self) -> None:
        """Receive until the connection is lost. Raises: one of `interruptions`."""

    @abstractmethod
    async def _tell(self) -> None:
        """Send until the connection is lost. Raises: one of `interruptions`."""


class RedisBus(RemoteBus):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.interruptions = redis_errors()
        self._hears = redis_at(url, seconds=None)
        self._tells = redis_at(url)

    async def _listen(self) -> None:
        async with self._hears.pubsub() as subscription:
            await asyncio.wait_for(subscription.subscribe(CHANNEL), CONNECT_SECONDS)
            self.hearing.worked()
            while True:
                message = await subscription.get_message(timeout=SILENCE_SECONDS)
                if message is None:
                    await asyncio.wait_for(self._tells.ping(), CONNECT_SECONDS)
                elif message["type"] == "message":
                    LocalBus.wake(self)

    async def _tell(self) -> None:
        await self._tells.ping()
        self.telling.worked()
        while True:
            await self._untold.wait()
            self._untold.clear()
            try:
                await self._tells.publish(CHANNEL, b"")
            except BaseException:
                self._untold.set()
                raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def stop(self) -> None:
        await super().stop()
        await close_redis(self._hears)
        await close_redis(self._tells)


class PostgresBus(RemoteBus):
    """LISTEN and NOTIFY on separate connections, so that the pool's connections carry no session state."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: LocalBus.wake(self))
            self.hearing.worked()
            await lost.wait()
        finally:
            connection.terminate()
        raise ConnectionResetError("the connection that listens was closed")

    async def _tell(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
        self.telling.worked()
        try:
            while True:
                await self._untold.wait()
                self._untold.clear()
                try:
                    await connection.execute(f"NOTIFY {CHANNEL}")
                except BaseException:
                    self._untold.set()
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            connection.terminate()


def make_bus(database_url: str, redis_url: str) -> LocalBus:
    """Return a bus by Redis if configured, else by PostgreSQL if that is the database, else a local one."""
    if redis_url:
        return RedisBus(redis_url)
    if database_url.startswith(("postgres://", "postgresql://")):
        return PostgresBus(database_url)
    return LocalBus()
