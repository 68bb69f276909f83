"""Long work on a file in a thread, which ends soon after nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
BEAT_SECONDS = 0.5


class Stopped(Exception):
    """Nobody waits for the work, or it was cancelled."""


class Stop:
    """Work looks at it between blocks of a file."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self) -> None:
        self._asked = True

    def check(self) -> None:
        """Raises: Stopped once it was asked."""
        if self._asked:
            raise Stopped


async def _nothing() -> None:
    pass


async def in_thread(
    work: Callable[[Stop], T], beat: Callable[[], Awaitable[object]] = _nothing
) -> T:
    """Do the work in a thread, with a `beat` every half second; whatever that raises ends the work."""
    stop = Stop()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        while not (await asyncio.wait({task}, timeout=BEAT_SECONDS))[0]:
            await beat()
        return task.result()
    finally:
        stop.ask()
        await asyncio.gather(task, return_exceptions=True)
