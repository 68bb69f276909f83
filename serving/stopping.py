"""Stopping a process: the first signal requests it, the second ends the process at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """The progress of stopping: `announced` by a signal, then `begun` when new connections are refused."""

    def __init__(self) -> None:
        self.announced = False
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        self.announced = True
        self._begun.set()

    async def wait(self) -> None:
        """Wait until stopping has begun."""
        await self._begun.wait()


class Signals:
    """SIGTERM and SIGINT of this process; `on_first` may change while it starts, serves and stops.

    A process that has not ended `patience_seconds` after the first signal is killed. The second signal ends
    it at once, unless it has a parent that does that: service managers signal all processes, and the parent
    signals its children in addition.
    """

    def __init__(
        self, patience_seconds: float, on_first: Callable[[], None], *, has_parent: bool = False
    ) -> None:
        self.patience_seconds = patience_seconds
        self.on_first = on_first
        self.has_parent = has_parent
        self.received: int | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Install the handlers in this context and restore the previous ones on exit."""
        before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if not self.has_parent:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            return
        self.received = number
        last_resort = threading.Timer(self.patience_seconds, _give_up, [self.patience_seconds])
        last_resort.daemon = True
        last_resort.start()
        self.on_first()


def _give_up(seconds: float) -> None:
    sys.stderr.write(f"Not stopped after {seconds:.0f} seconds: ended.\n")
    sys.stderr.flush()
    os._exit(1)
