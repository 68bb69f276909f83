"""Connections that are not held open by clients which send or read too slowly, or open too many.

A request has phases, each with a limit of its own:

    headers   from the connection, or the first byte after an answer, to the end of the headers
    body      at least `MIN_BODY_BYTES` in every `stall_seconds`, while the application reads
    answer    the client takes some of it in every `stall_seconds`, while it does not fit the buffers
    idle      between two requests, `timeout_keep_alive` of uvicorn
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from serving.proxies import TrustedProxies, address_of

MAX_HEADER_BYTES = 64 * 1024
MIN_BODY_BYTES = 4 * 1024
GOODBYE_SECONDS = 30.0
log = logging.getLogger(__name__)


@dataclass
class ConnectionLimits:
    """`most` of all and `most_per_address` connections of a process; 0 for any number.

    Trusted proxies and the machine's own addresses (`exempt`) hold connections for many clients, so that only
    `most` counts for them.
    """

    header_seconds: float = 10
    stall_seconds: float = 20
    most: int = 0
    most_per_address: int = 0
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    exempts_loopback: bool = True
    _open: Counter[str] = field(default_factory=Counter, init=False)
    _total: int = field(default=0, init=False)

    def open(self, host: str) -> bool:
        """Count a new connection; answers whether it may be served."""
        self._total += 1
        self._open[host] += 1
        if self.most and self._total > self.most:
            return False
        if not self.most_per_address or self._open[host] <= self.most_per_address:
            return True
        return self._is_exempt(host)

    def close(self, host: str) -> None:
        self._total -= 1
        self._open[host] -= 1
        if not self._open[host]:
            del self._open[host]

    def _is_exempt(self, host: str) -> bool:
        address = address_of(host)
        if address is None:
            return False
        return address in self.proxies or (self.exempts_loopback and address.is_loopback)


class _Timed:
    """What both protocols share: the connection's place in the counts, and watching a slow reader."""

    limits: ConnectionLimits
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    host: str | None = None
    _reading: asyncio.TimerHandle | None = None
    _unread = 0

    @property
    def reader_seconds(self) -> float:
        """How long the client may take nothing of an answer."""
        return self.limits.stall_seconds

    def watch_reader(self) -> None:
        if self._reading is None:
            self._unread = self.transport.get_write_buffer_size()
            self._reading = self.loop.call_later(self.reader_seconds, self._look_at_reader)

    def _look_at_reader(self) -> None:
        self._reading = None
        unread = self.transport.get_write_buffer_size()
        if unread and unread >= self._unread:
            log.info("connection closed: the client does not read")
            self.transport.abort()
        elif unread:
            self.watch_reader()

    def leave_reader(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def leave(self) -> None:
        """Give the place in the counts back, once."""
        self.leave_reader()
        host, self.host = self.host, None
        if host is not None:
            self.limits.close(host)


class Phase(Enum):
    """What a connection waits for from its client."""

    NOTHING = 0
    HEADERS = 1
    BODY = 2


class TimedHttp(_Timed, HttpToolsProtocol):
    """HTTP/1.1 by httptools, with a time limit on every phase of a request.

    A request that comes in one piece arms no timer.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timed = Phase.NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0

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

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        awaited = self._awaited
        if awaited is not self._timed:
            if not self.transport.is_closing() and self.transport.get_protocol() is self:
                self._time(awaited, len(data))
        elif awaited is not Phase.NOTHING:
            self._received += len(data)
            if awaited is Phase.HEADERS and self._received > MAX_HEADER_BYTES:
                self._refuse(b"431 Request Header Fields Too Large")

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        host, self.host = self.host, None
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, TimedWebSocket) and host is not None:
            protocol.host = host

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
        """Read off what uvicorn keeps: `scope` is of the request that comes, `cycle` of one that began.

        Whatever comes between two requests (blank lines) counts as the beginning of headers.
        """
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            if not cycle.response_complete:
                return Phase.BODY if cycle.more_body else Phase.NOTHING
            if self.timeout_keep_alive_task is not None:
                return Phase.NOTHING
        return Phase.HEADERS

    def _time(self, awaited: Phase, received: int = 0) -> None:
        """Begin the time limit of a phase."""
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
        if timed is Phase.BODY and cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes, headers: bytes = b"") -> None:
        """Answer without the application, and close."""
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


class TimedWebSocket(_Timed, WebSocketsSansIOProtocol):
    """A WebSocket that counts as the connection it was.

    Its application says goodbye to a client that reads nothing; the connection is dropped if that fails.
    """

    @property
    def reader_seconds(self) -> float:
        return self.limits.stall_seconds + GOODBYE_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.leave_reader()


def protocols(limits: ConnectionLimits) -> tuple[type[TimedHttp], type[TimedWebSocket]]:
    """Protocol classes for uvicorn whose connections count together."""
    return (
        type("LimitedHttp", (TimedHttp,), {"limits": limits}),
        type("LimitedWebSocket", (TimedWebSocket,), {"limits": limits}),
    )
