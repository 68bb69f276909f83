"""Limits on the connections of a process and of each client, and on clients that do not read."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sys
import termios
from collections import Counter
from dataclasses import dataclass, field

from models.text.client_addresses import client_of
from serving.body_room import BodyRoom
from serving.proxies import TrustedProxies, address_of
from serving.upgrades import Upgrades

# The least that a client must read of a response in `reader_seconds`, unless less is left.
MIN_READ_BYTES = 64 * 1024
log = logging.getLogger(__name__)


@dataclass
class ConnectionLimits:
    """At most `most` connections in total and `most_per_address` for each client; 0 for no limit.

    An IPv6 /64 is one client. Trusted proxies and loopback addresses hold connections for many clients, so
    only `most` applies to them.
    """

    header_seconds: float = 10
    stall_seconds: float = 20
    most: int = 0
    most_per_address: int = 0
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    bodies: BodyRoom = field(default_factory=BodyRoom)
    exempts_loopback: bool = True
    upgrades: Upgrades = field(default_factory=Upgrades)
    _open: Counter[str] = field(default_factory=Counter, init=False)
    _total: int = field(default=0, init=False)

    def open(self, host: str) -> bool:
        """Count a new connection and return whether it may be served."""
        client = client_of(host)
        self._total += 1
        self._open[client] += 1
        if self.most and self._total > self.most:
            return False
        if not self.most_per_address or self._open[client] <= self.most_per_address:
            return True
        return self._is_exempt(host)

    def close(self, host: str) -> None:
        client = client_of(host)
        self._total -= 1
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]

    @property
    def total(self) -> int:
        return self._total

    @property
    def clients(self) -> int:
        """The number of clients with open connections."""
        return len(self._open)

    def _is_exempt(self, host: str) -> bool:
        address = address_of(host)
        if address is None:
            return False
        return address in self.proxies or (self.exempts_loopback and address.is_loopback)


class Timed:
    """The parts of both protocols that count a connection and watch a slow reader."""

    limits: ConnectionLimits
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    host: str | None = None
    _reading: asyncio.TimerHandle | None = None
    _unread = 0

    @property
    def reader_seconds(self) -> float:
        """The seconds in which the client must read `MIN_READ_BYTES` of a response."""
        return self.limits.stall_seconds

    def watch_reader(self) -> None:
        if self._reading is None:
            self._unread = _unread(self.transport)
            self._reading = self.loop.call_later(self.reader_seconds, self._look_at_reader)

    def _look_at_reader(self) -> None:
        self._reading = None
        if not self.transport.get_write_buffer_size():
            return
        if self._unread - _unread(self.transport) < MIN_READ_BYTES:
            log.info("connection closed: the client does not read, or too slowly")
            self.transport.abort()
        else:
            self.watch_reader()

    def leave_reader(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def leave(self) -> None:
        """Uncount the connection, once."""
        self.leave_reader()
        host, self.host = self.host, None
        if host is not None:
            self.limits.close(host)


def _unread(transport: asyncio.Transport) -> int:
    """Return the bytes that the client has not read: those of the process and of the socket's buffer."""
    waiting = transport.get_write_buffer_size()
    try:
        found = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError):
        return waiting
    return waiting + int.from_bytes(found, sys.byteorder)
