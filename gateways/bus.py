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
        self._changed = asyncio.Event()

    def wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def start(self) -> None:
        """Do nothing: there is no connection."""

    async def stop(self) -> None:
        self.wake()


class RemoteBus(LocalBus, ABC):
    """Wakes every process: `_receive` receives notifications, `_send` sends them; calls are coalesced.

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
        self._unsent = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.receiving = Outage("the change bus")
        self.sending = Outage("the sending side of the change bus", level=logging.DEBUG)

    @property
    def is_interrupted(self) -> bool:
        return self.receiving.is_on or self.sending.is_on

    @property
    def is_running(self) -> bool:
        return any(not task.done() for task in self._tasks)

    def wake(self) -> None:
        super().wake()
        self._unsent.set()

    async def start(self) -> None:
        self._tasks = {
            asyncio.create_task(self._forever(self._receive, self.receiving)),
            asyncio.create_task(self._forever(self._send, self.sending)),
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
    async def _receive(self) -> None:
        """Receive until the connection is lost. Raises: one of `interruptions`."""

    @abstractmethod
    async def _send(self) -> None:
        """Send until the connection is lost. Raises: one of `interruptions`."""


class RedisBus(RemoteBus):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.interruptions = redis_errors()
        self._subscriber = redis_at(url, seconds=None)
        self._publisher = redis_at(url)

    async def _receive(self) -> None:
        async with self._subscriber.pubsub() as subscription:
            await asyncio.wait_for(subscription.subscribe(CHANNEL), CONNECT_SECONDS)
            self.receiving.worked()
            while True:
                message = await subscription.get_message(timeout=SILENCE_SECONDS)
                if message is None:
                    await asyncio.wait_for(self._publisher.ping(), CONNECT_SECONDS)
                elif message["type"] == "message":
                    LocalBus.wake(self)

    async def _send(self) -> None:
        await self._publisher.ping()
        self.sending.worked()
        while True:
            await self._unsent.wait()
            self._unsent.clear()
            try:
                await self._publisher.publish(CHANNEL, b"")
            except BaseException:
                self._unsent.set()
                raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def stop(self) -> None:
        await super().stop()
        await close_redis(self._subscriber)
        await close_redis(self._publisher)


class PostgresBus(RemoteBus):
    """LISTEN and NOTIFY on separate connections, so that the pool's connections carry no session state."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def _receive(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: LocalBus.wake(self))
            self.receiving.worked()
            await lost.wait()
        finally:
            connection.terminate()
        raise ConnectionResetError("the connection that listens was closed")

    async def _send(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
        self.sending.worked()
        try:
            while True:
                await self._unsent.wait()
                self._unsent.clear()
                try:
                    await connection.execute(f"NOTIFY {CHANNEL}")
                except BaseException:
                    self._unsent.set()
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
