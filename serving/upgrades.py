"""Upgrades to WebSockets: a few in each round of the event loop, however many come at once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

AT_ONCE = 20  # some 5 ms
log = logging.getLogger(__name__)


class Upgrades:
    """First come, first served. One that fails is logged, and stops none of those behind it."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, loop: asyncio.AbstractEventLoop, upgrade: Callable[[], None]) -> None:
        """Call `upgrade` in a later round of the loop."""
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
