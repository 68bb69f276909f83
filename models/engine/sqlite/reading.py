"""SQLite's connection for reading; cancelling a caller interrupts its running statement."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import aiosqlite

# A statement may begin just after an interrupt, so the interrupt is repeated.
AGAIN_SECONDS = 0.05


class _Visit:
    """One visit to the connection's thread."""

    __slots__ = ("given_up",)

    def __init__(self) -> None:
        self.given_up = False


class ReadingConnection(aiosqlite.Connection):
    """An interruptible connection for reading only.

    A caller could not tell whether an interrupted COMMIT took effect.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, 64)
        self._lock = Lock()
        self._visitor: _Visit | None = None

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        visit = _Visit()
        work = partial(self._run, visit, partial(fn, *args, **kwargs))
        try:
            return await super()._execute(work)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            visit.given_up = True
            self._interrupt(visit)
            raise

    def _run(self, visit: _Visit, work: Callable[[], Any]) -> Any:
        """Run the work in the connection's thread, unless its caller has been cancelled."""
        with self._lock:
            if visit.given_up:
                return None
            self._visitor = visit
        try:
            return work()
        finally:
            with self._lock:
                self._visitor = None

    def _interrupt(self, visit: _Visit) -> None:
        """Interrupt the statement of this visit, and of no other, in the thread that runs it."""
        with self._lock:
            if self._visitor is not visit or self._connection is None:
                return
            self._connection.interrupt()
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._interrupt, visit)
