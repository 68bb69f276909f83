"""How many connections a process holds, of whom, and for how long one may read nothing."""

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

# Of an answer that does not fit the buffers, a client takes so much in the time for it, or all that is left.
MIN_READ_BYTES = 64 * 1024
log = logging.getLogger(__name__)


@dataclass
class ConnectionLimits:
    """`most` of all and `most_per_address` connections of a process; 0 for any number. Of IPv6 a /64 is one.

    Trusted proxies and the machine's own addresses (`exempt`) hold connections for many clients, so that only
    `most` counts for them.
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
        """Count a new connection; answers whether it may be served."""
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
        """How many clients they are of."""
        return len(self._open)

    def _is_exempt(self, host: str) -> bool:
        address = address_of(host)
        if address is None:
            return False
        return address in self.proxies or (self.exempts_loopback and address.is_loopback)


class Timed:
    """What both protocols share: the connection's place in the counts, and watching a slow reader."""

    limits: ConnectionLimits
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    host: str | None = None
    _reading: asyncio.TimerHandle | None = None
    _unread = 0

    @property
    def reader_seconds(self) -> float:
        """How long the client may take less than `MIN_READ_BYTES` of an answer."""
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
        """Give the place in the counts back, once."""
        self.leave_reader()
        host, self.host = self.host, None
        if host is not None:
            self.limits.close(host)


def _unread(transport: asyncio.Transport) -> int:
    """Bytes that the client has not taken: of the process, and of the system, which takes much at once."""
    waiting = transport.get_write_buffer_size()
    try:
        found = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError):
        return waiting
    return waiting + int.from_bytes(found, sys.byteorder)
