"""The life of a server process, from its first signal handler to its exit code.

bind the address → open resources → listen, announce it → serve → refuse new connections → finish requests
and close WebSockets → close resources → 0
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from serving.application import Application
from serving.connections import protocols
from serving.stopping import Signals
from serving.websocket_connections import TimedWebSocket

# The time for closing the database, Redis and background work after the last request.
CLOSING_SECONDS = 15.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Timing:
    """Time limits; a stopping process accepts for `shutdown_delay` seconds, so that balancers notice."""

    keep_alive: int = 75  # longer than a proxy keeps its connections, usually 60
    shutdown: float = 10
    shutdown_delay: float = 0

    @property
    def patience(self) -> float:
        return self.shutdown + self.shutdown_delay + CLOSING_SECONDS


class Interrupted(Exception):
    """A signal arrived before the process served; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class Server(uvicorn.Server):
    """uvicorn's server for an `Application`, with a shutdown that loses no request."""

    def __init__(
        self,
        application: Application,
        timing: Timing,
        *,
        max_message_bytes: int,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        http, websocket = protocols(application.limits)
        super().__init__(
            uvicorn.Config(
                application,
                http=http,
                ws=websocket,
                ws_max_size=max_message_bytes,
                # A few compressed bytes would expand to megabytes before they can be checked.
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                # The application decides which proxies to trust.
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=timing.keep_alive,
                timeout_graceful_shutdown=max(1, round(timing.shutdown)),
            )
        )
        self.application = application
        self.timing = timing
        self.announce = announce

    def stop(self) -> None:
        """Begin to stop; a signal handler may call this."""
        self.application.stopping.announced = True
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Signals`, which also handles them before and after serving."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self.announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.application.stopping.announced = True
        await asyncio.sleep(self.timing.shutdown_delay)
        for server in self.servers:
            server.close()
        self.application.stopping.begin()
        # uvicorn would abort WebSockets; their own handlers finish running operations and close them.
        deadline = asyncio.get_running_loop().time() + self.timing.shutdown
        for connection in list(self.server_state.connections):
            if not isinstance(connection, TimedWebSocket):
                connection.shutdown()
        while self._websockets() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        left = deadline - asyncio.get_running_loop().time()
        self.config.timeout_graceful_shutdown = max(1, round(left))
        await super().shutdown(sockets)

    def _websockets(self) -> int:
        return sum(isinstance(each, TimedWebSocket) for each in self.server_state.connections)


async def serve(server: Server, sockets: Sequence[socket.socket], signals: Signals) -> None:
    """Open the application, serve until a signal, close it."""
    async with server.application.lifespan():
        interrupt, signals.on_first = signals.on_first, server.stop
        if signals.received is not None:
            interrupt()
            await asyncio.sleep(0)
        await server.serve(list(sockets))
        signals.on_first = lambda: None


def run(
    work: Callable[[Signals], Awaitable[None]], patience_seconds: float, *, has_parent: bool = False
) -> None:
    """Run `work` in its own event loop; a signal cancels it unless `work` changes that.

    Raises: Interrupted when a signal cancelled it or arrived as it ended.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        loop = runner.get_loop()
        tasks: list[asyncio.Task[None]] = []

        def cancel() -> None:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

        signals = Signals(patience_seconds, cancel, has_parent=has_parent)

        async def main() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - the runner has just made it
            tasks.append(task)
            await work(signals)

        with signals.installed():
            try:
                runner.run(main())
            except asyncio.CancelledError:
                if signals.received is None:
                    raise
                raise Interrupted(signals.received) from None
            if signals.received is not None and signals.on_first is cancel:
                raise Interrupted(signals.received)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    return uvicorn.Config(_nothing, log_config=None).get_loop_factory()


async def _nothing(*_: object) -> None:
    """Do nothing; uvicorn needs an application to choose an event loop."""
