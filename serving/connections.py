"""HTTP connections with limits on slow senders, slow readers and their number.

A request has phases, each with its own limit:

    headers   from the connection, or the first byte after a response, to the end of the headers
    body      at least `MIN_BODY_BYTES` in every `stall_seconds` while the application reads; after a
              response that did not wait for the whole body, at most `MAX_UNWANTED_BYTES`; its framing
              (headers, trailers, sizes of chunks) at most as much again and `MAX_HEADER_BYTES`
    response  the client reads `MIN_READ_BYTES` in every `stall_seconds` while it does not fit the buffers
    idle      between two requests, `timeout_keep_alive` of uvicorn

`TimedWebSocket` limits what follows an upgrade, from the handshake on.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.connection_limits import ConnectionLimits, Timed
from serving.websocket_connections import TimedWebSocket

MAX_HEADER_BYTES = 64 * 1024
# The parser reports each chunk of a body. Beyond this many small ones, chunks must have this mean size.
SMALL_CHUNKS, MEAN_CHUNK_BYTES = 4_000, 256
# Received data is parsed in slices, so that too much of it is detected before it delays other clients.
SLICE_BYTES = 16 * 1024
MIN_BODY_BYTES = 4 * 1024
# How much of the rest of a body is read after an early response, so that the client can read the response.
MAX_UNWANTED_BYTES = 16 * 1024 * 1024
log = logging.getLogger(__name__)


class Phase(Enum):
    """The part of a request that a connection waits for."""

    NOTHING = 0
    HEADERS = 1
    BODY = 2


class TimedHttp(Timed, HttpToolsProtocol):
    """HTTP/1.1 by httptools, with a time limit on every phase of a request.

    A request that arrives in one read starts no timer.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timed = Phase.NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0
        self._is_whole = True
        self._is_upgrading = False
        self._body = self._chunks = self._framing = self._unwanted = self._slice_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.host = self.client[0] if self.client else ""
        if self.limits.open(self.host):
            self._time(Phase.HEADERS)
        else:
            log.info("connection refused: too many are open")
            self._refuse(b"503 Service Unavailable", b"Retry-After: 10\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self.leave()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_whole = False
        self._body = self._chunks = self._unwanted = 0
        self._framing = -self._slice_bytes  # excludes the end of the previous request

    def on_message_complete(self) -> None:
        self._is_whole = True
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._chunks += 1
        self._body += len(body)
        self._framing -= len(body)
        if self.cycle.response_complete:
            self._unwanted += len(body)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            self._parse_slice(data[start : start + SLICE_BYTES])
            if self.transport.is_closing() or self._is_upgrading:
                return

    def _parse_slice(self, data: bytes) -> None:
        self._slice_bytes = len(data)
        super().data_received(data)
        self._framing += len(data)
        if self._unwanted > MAX_UNWANTED_BYTES:
            log.info("connection closed: the rest of an answered request is too long")
            self._stop_timer()
            self.transport.close()
        elif self._framing > MAX_HEADER_BYTES + self._body:
            self._give_up(b"431 Request Header Fields Too Large")
        elif self._chunks > SMALL_CHUNKS + self._body // MEAN_CHUNK_BYTES:
            self._give_up(b"400 Bad Request")
        elif not self.transport.is_closing() and not self._is_upgrading:
            self._watch(len(data))

    def _watch(self, received: int) -> None:
        awaited = self._awaited
        if awaited is not self._timed:
            self._time(awaited, received)
        elif awaited is not Phase.NOTHING:
            self._received += received

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        self._is_upgrading = True
        self.transport.pause_reading()
        self.limits.upgrades.add(self.loop, self._upgrade)

    def _upgrade(self) -> None:
        if self.transport.is_closing():
            return
        host, self.host = self.host, None
        try:
            super().handle_websocket_upgrade()
        except Exception:
            self._drop()
            raise
        finally:
            protocol = self.transport.get_protocol()
            if isinstance(protocol, Timed):
                protocol.host = host
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _drop(self) -> None:
        """Abort a connection whose upgrade failed, with a WebSocket that has not replaced it yet."""
        for each in list(self.connections):
            is_replacement = isinstance(each, TimedWebSocket) and each.transport is self.transport
            if is_replacement and each is not self.transport.get_protocol():
                each.connection_lost(ConnectionAbortedError())
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.leave_reader()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.watch_reader()

    @property
    def _awaited(self) -> Phase:
        """The awaited phase, derived from uvicorn: `scope` is of the current request, `cycle` of a begun
        one.

        Anything received between two requests, such as blank lines, counts as the beginning of headers.
        """
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            if not cycle.response_complete:
                return Phase.BODY if cycle.more_body else Phase.NOTHING
            if not self._is_whole:
                return Phase.BODY
            if self.timeout_keep_alive_task is not None:
                return Phase.NOTHING
        return Phase.HEADERS

    def _time(self, awaited: Phase, received: int = 0) -> None:
        """Start the time limit of a phase."""
        self._stop_timer()
        self._timed, self._received = awaited, received
        if awaited is not Phase.NOTHING:
            limits = self.limits
            in_headers = awaited is Phase.HEADERS
            seconds = limits.header_seconds if in_headers else limits.stall_seconds
            self._timer = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        timed, self._timed = self._timed, Phase.NOTHING
        self._timer = None
        if self.transport.is_closing() or timed is not self._awaited:
            return
        cycle = self.cycle
        ours = self.flow.read_paused or (cycle is not None and cycle.waiting_for_100_continue)
        if ours or (timed is Phase.BODY and self._received >= MIN_BODY_BYTES):
            self._time(timed)
            return
        log.info("connection closed: the %s did not come in time", timed.name.lower())
        self._give_up(b"408 Request Timeout")

    def _give_up(self, status: bytes) -> None:
        """End an incomplete request; its application is informed that the client has disconnected."""
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self._stop_timer()
                self.transport.abort()
                return
        self._refuse(status)

    def _refuse(self, status: bytes, headers: bytes = b"") -> None:
        """Respond without the application, and close."""
        self._stop_timer()
        rest = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + headers + rest)
        self.transport.close()
        self.watch_reader()

    def _stop_timer(self) -> None:
        self._timed = Phase.NOTHING
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def protocols(limits: ConnectionLimits) -> tuple[type[TimedHttp], type[TimedWebSocket]]:
    """Return protocol classes for uvicorn whose connections share these limits."""
    return (
        type("LimitedHttp", (TimedHttp,), {"limits": limits}),
        type("LimitedWebSocket", (TimedWebSocket,), {"limits": limits}),
    )
