"""A toy that is served in this process, and bytes that are sent to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from serving.application import Application
from serving.connection_limits import ConnectionLimits
from serving.listening import listen_on
from serving.running import Server, Timing
from tests.conftest import free_port

SECONDS = 0.2


ANSWER = b"x" * 40_000_000


async def toy(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body (not at /early), then answers its length, or much where the path asks for it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "heard"})
        return
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    body = ANSWER if scope["path"] == "/much" else str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def nothing_to_open() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def served(**limits: float) -> AsyncIterator[tuple[int, ConnectionLimits]]:
    """A port of the toy, and the limits it is served with."""
    given = {"header_seconds": SECONDS, "stall_seconds": SECONDS, **limits}
    own = ConnectionLimits(**given)  # type: ignore[arg-type]
    application = Application(toy, nothing_to_open, limits=own)
    server = Server(application, Timing(shutdown=1), max_message_bytes=1_000_000)
    port = free_port()
    running = asyncio.create_task(server.serve(listen_on("127.0.0.1", port)))
    await until(lambda: server.started)
    yield port, own
    server.stop()
    await running
    assert own.total == 0
    assert own.clients == 0


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def sent(port: int, *pieces: bytes, every: float = 0.0) -> tuple[bytes, float]:
    """What the server answers to these pieces until it closes, and after how many seconds."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(every)
        async with asyncio.timeout(20):
            answer = await reader.read()
    except ConnectionError:
        answer = b""
    finally:
        writer.close()
    return answer, time.monotonic() - began
