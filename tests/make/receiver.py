"""A receiver of webhooks over real HTTP: it notes what comes, and behaves as it is told."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class Message:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def sequence(self) -> int:
        return int(self.json["sequence"])

    def is_signed_with(self, secret: str) -> bool:
        """As a receiver checks it, written anew from the specification."""
        key = b64decode(secret.removeprefix("whsec_"))
        signed = b".".join(
            [
                self.headers["webhook-id"].encode(),
                self.headers["webhook-timestamp"].encode(),
                self.body,
            ]
        )
        wanted = b64encode(hmac.new(key, signed, sha256).digest()).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


@dataclass
class TestReceiver:
    """`answer` gives the status of each message; "hang", "drip" and "flood" misbehave."""

    __test__ = False

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    answer: Callable[[Message], int | str] = lambda message: 200
    something_came: asyncio.Event = field(default_factory=asyncio.Event)
    open_now: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def sequences(self) -> list[int]:
        return [message.sequence for message in self.messages]

    async def count(self, wanted: int, seconds: float = 60) -> None:
        """Wait until so many messages have come."""
        async with asyncio.timeout(seconds):
            while len(self.messages) < wanted:
                self.something_came.clear()
                await self.something_came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST /hook "), line
                await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = {}
        while (line := (await reader.readline()).decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = await reader.readexactly(int(headers["content-length"]))
        message = Message(headers, body)
        self.messages.append(message)
        self.something_came.set()
        self.open_now += 1
        self.most_at_once = max(self.most_at_once, self.open_now)
        try:
            await asyncio.sleep(0.01)
            await self._reply(writer, self.answer(message))
        finally:
            self.open_now -= 1

    async def _reply(self, writer: asyncio.StreamWriter, answer: int | str) -> None:
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
        if answer == "flood":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        location = f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n" if answer == 302 else ""
        writer.write(f"HTTP/1.1 {answer} X\r\n{location}Content-Length: 2\r\n\r\nno".encode())
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[TestReceiver]:
    receiver = TestReceiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
