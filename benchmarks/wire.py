"""A proxy that counts the statements a server sends to PostgreSQL.

Source: PostgreSQL, Frontend/Backend Protocol, Message Formats.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_NEGOTIATIONS = {80877103, 80877104}  # SSLRequest, GSSENCRequest
_FRAMING = ("BEGIN", "COMMIT", "ROLLBACK", "START", "SAVEPOINT", "RELEASE")


@dataclass
class Wire:
    """The counts: `statements` do something, `framing` are BEGIN, COMMIT and the like."""

    url: str = ""
    statements: int = 0
    framing: int = 0

    def count(self, kind: bytes, body: bytes) -> None:
        """Count one message of the client."""
        if kind == b"Q":
            self._count(body)
        elif kind == b"E":
            self.statements += 1

    def _count(self, text: bytes) -> None:
        for statement in text.rstrip(b"\0").decode(errors="replace").split(";"):
            if statement.strip().upper().startswith(_FRAMING):
                self.framing += 1
            elif statement.strip():
                self.statements += 1


@asynccontextmanager
async def tapped(database_url: str) -> AsyncIterator[Wire]:
    """Start a proxy whose `url` leads to the same database."""
    url = urlsplit(database_url)
    wire = Wire()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(
            url.hostname or "127.0.0.1", url.port or 5432
        )
        await asyncio.gather(
            _forward_counting(reader, server_writer, wire), _forward(server_reader, writer)
        )

    listener = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    user = f"{url.username or 'postgres'}{f':{url.password}' if url.password else ''}"
    wire.url = urlunsplit(url._replace(netloc=f"{user}@127.0.0.1:{port}"))
    try:
        yield wire
    finally:
        listener.close()


async def _forward_counting(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire
) -> None:
    started = False
    try:
        while True:
            kind = await reader.readexactly(1) if started else b""
            head = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!I", head)[0] - 4)
            if started:
                wire.count(kind, body)
            else:
                started = struct.unpack("!I", body[:4])[0] not in _NEGOTIATIONS
            writer.write(kind + head + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()
