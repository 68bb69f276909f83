"""Frames that are no messages cost a client its connection, and nobody else anything."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from serving.websocket_connections import MOST_FRAMES
from tests.make.connections import served, until

EMPTY_PART = Frame(Opcode.CONT, b"", fin=False)


async def send(client: ClientConnection, frames: bytes) -> None:
    client.transport.write(frames)
    with suppress(ConnectionClosed, ConnectionError):
        await client.drain()


def masked(frame: Frame) -> bytes:
    return frame.serialize(mask=True, extensions=[])


@pytest.mark.parametrize(
    ("first", "frame"),
    [
        (b"", Frame(Opcode.PING, b"p" * 125)),
        (b"", Frame(Opcode.PONG, b"")),
        (masked(Frame(Opcode.TEXT, b"", fin=False)), EMPTY_PART),
    ],
    ids=["pings", "pongs", "empty parts"],
)
async def test_a_flood_of_frames_is_ended(first: bytes, frame: Frame) -> None:
    async with served() as (port, counts), connect(f"ws://127.0.0.1:{port}/") as client:
        await send(client, first + masked(frame) * (2 * MOST_FRAMES))
        async with asyncio.timeout(10):
            await client.wait_closed()
        assert client.close_code == 1008
        await until(lambda: counts.total == 0)


async def test_a_long_message_in_parts_is_heard() -> None:
    async with served() as (port, _), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.send(["a"] * (MOST_FRAMES // 2))
        assert await client.recv() == "heard"
        await asyncio.wait_for(await client.ping(), 10)


async def test_messages_come_as_they_are() -> None:
    """Compressed, a few kilobytes hold so many megabytes that a message would be over any limit."""
    async with served() as (port, _), connect(f"ws://127.0.0.1:{port}/") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


async def test_many_messages_at_once_keep_nobody_else_waiting() -> None:
    async with (
        served() as (port, _),
        connect(f"ws://127.0.0.1:{port}/") as busy,
        connect(f"ws://127.0.0.1:{port}/") as other,
    ):
        await send(busy, masked(Frame(Opcode.TEXT, b"")) * 20_000)
        await other.send("hello")
        assert await asyncio.wait_for(other.recv(), 10) == "heard"
        heard = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                while True:
                    await busy.recv()
                    heard += 1
        assert heard < 20_000
