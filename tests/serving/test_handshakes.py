"""Handshakes of WebSockets that cannot be read, take too long or fail: none is held open."""

from __future__ import annotations

import asyncio

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.asyncio.client import connect

from serving.websocket_connections import TimedWebSocket
from tests.make.connections import sent, served, until

UPGRADE = (
    b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        (b"/", b"".join(b"X-%d: y\r\n" % n for n in range(200)), b"431"),
        (b"/", b"X-Long: " + b"y" * 9_000 + b"\r\n", b"431"),
        (b"/" + b"p" * 9_000, b"", b"414"),
        (b"/", b"Content-Length: 5\r\n", b"400"),
        (b"/", b"Transfer-Encoding: chunked\r\n", b"400"),
    ],
    ids=["many headers", "a long header", "a long path", "a body", "chunks"],
)
async def test_what_cannot_be_read_is_refused(path: bytes, more: bytes, status: bytes) -> None:
    """At once: long before any time is up."""
    async with served(header_seconds=20, stall_seconds=20) as (port, counts):
        request = b"GET " + path + b" HTTP/1.1\r\n" + UPGRADE + more + b"\r\n"
        answer, seconds = await sent(port, request + b"more" * 10_000)
        assert answer.startswith(b"HTTP/1.1 " + status) or (answer == b"" and len(request) > 9_000)
        answer, seconds = await sent(port, request)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert seconds < 5
        await until(lambda: counts.total == 0)
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("hello")
            assert await client.recv() == "heard"


async def test_a_handshake_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(self: TimedWebSocket) -> None:
        await self.receive()
        while (await self.receive())["type"] != "websocket.disconnect":
            pass

    monkeypatch.setattr(TimedWebSocket, "run_asgi", waits)
    async with served() as (port, counts):
        answer, _ = await sent(port, b"GET / HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 408")
        await until(lambda: counts.total == 0)


async def test_a_websocket_that_is_open_is_not_timed() -> None:
    async with (
        served(header_seconds=0.05) as (port, _),
        connect(f"ws://127.0.0.1:{port}/") as client,
    ):
        await asyncio.sleep(0.2)
        await client.send("hello")
        assert await client.recv() == "heard"


@pytest.mark.parametrize(
    ("protocol", "method"),
    [(HttpToolsProtocol, "handle_websocket_upgrade"), (TimedWebSocket, "data_received")],
    ids=["after the change of protocols", "before it"],
)
async def test_an_upgrade_that_fails_costs_its_connection_alone(
    monkeypatch: pytest.MonkeyPatch, protocol: type, method: str
) -> None:
    works, failed = getattr(protocol, method), list[str]()

    def fails_once(self: object, *arguments: object) -> None:
        works(self, *arguments)
        if not failed:
            failed.append("once")
            raise ValueError

    async with served(header_seconds=20, stall_seconds=20) as (port, counts):
        monkeypatch.setattr(protocol, method, fails_once)
        _, seconds = await sent(port, b"GET / HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        assert (failed, seconds < 5) == (["once"], True)
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("hello")
            assert await client.recv() == "heard"
        await until(lambda: counts.total == 0)
