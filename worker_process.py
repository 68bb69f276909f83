"""A process for background work alone, with an optional address for its health."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette

from gateways import Gateways
from gateways.telemetry.announcements import announce
from gateways.telemetry.logs import configure_logging
from gateways.telemetry.tracing import start_tracing, stop_tracing
from gateways.wiring import make_gateways
from models import database
from server import server_of
from server_process import background_work, health_of, process_routes
from serving.application import Application
from serving.running import serve
from serving.stopping import Signals, Stopping
from settings import Settings


async def work_until_stopped(
    settings: Settings, sockets: Sequence[socket.socket], signals: Signals
) -> None:
    """Work until a signal; without `sockets` there is no health endpoint."""
    configure_logging(settings.log_level, json=settings.log_format == "json")
    start_tracing(settings)
    gateways, stopping = make_gateways(settings), Stopping()
    say = partial(announce, "Working. Stop with Ctrl-C.", settings.log_format)
    lifespan = _lifespan(settings, gateways)
    if sockets:
        health = health_of(settings, gateways, stopping)
        starlette = Starlette(routes=process_routes(settings, health))
        application = Application(starlette, lifespan, stopping)
        await serve(server_of(settings, application, say), sockets, signals)
        return
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with lifespan():
        signals.on_first = partial(_call, loop, stop.set)
        say()
        await stop.wait()


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(callback)


def _lifespan(
    settings: Settings, gateways: Gateways
) -> Callable[[], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            opened.callback(stop_tracing)
            await database.connect(settings.database_url, **settings.database_options)
            opened.push_async_callback(database.close)
            opened.push_async_callback(gateways.close_providers)
            opened.push_async_callback(gateways.rate_limits.stop)
            opened.push_async_callback(gateways.persisted_queries.stop)
            opened.push_async_callback(gateways.bus.stop)
            await gateways.bus.start()
            await opened.enter_async_context(background_work(settings, gateways))
            yield

    return lifespan
