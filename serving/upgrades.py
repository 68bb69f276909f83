"""Upgrades to WebSockets, a limited number in each iteration of the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

AT_ONCE = 20  # about 5 ms
log = logging.getLogger(__name__)


class Upgrades:
    """A FIFO queue of upgrades. A failed upgrade is logged and does not stop the following ones."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, loop: asyncio.AbstractEventLoop, upgrade: Callable[[], None]) -> None:
        """Call `upgrade` in a later iteration of the loop."""
        if not self._waiting:
            loop.call_soon(self._go_on, loop)
        self._waiting.append(upgrade)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(min(AT_ONCE, len(self._waiting))):
            try:
                self._waiting.popleft()()
            except Exception:
                log.exception("an upgrade to a WebSocket failed")
        if self._waiting:
            loop.call_soon(self._go_on, loop)
