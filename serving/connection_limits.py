"""How many connections a process holds, of whom, and for how long one may read nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field

from models.client_addresses import client_of
from serving.proxies import TrustedProxies, address_of

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
    exempts_loopback: bool = True
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
