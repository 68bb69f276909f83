"""Sharing the time of one event loop, so that many who are busy at once keep nobody else waiting.

The loop goes round: it runs what is ready, then looks at its sockets. All operations together have one slice
of each round. Whoever finds it spent waits in line; the rest of the round is for everything else, such as
health checks, new connections and answers of the database.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from time import monotonic

SLICE_SECONDS = 0.005
# So many of a line are called in one round: most operations need less than a slice.
AT_ONCE = 10
Line = list[tuple[int, asyncio.Future[None]]]


class Turns:
    """One for all operations of an event loop; its lines are first come, first served.

    Those who begin and those who go on have a line each, which are called in turn: however many large answers
    are made, small ones wait for one slice of one of them, and however many small ones come, large ones end.
    """

    def __init__(self) -> None:
        self._ends: float | None = None  # of this round's slice, once somebody has asked
        self._is_closing = False  # `_close` is on its way
        self._is_crowded = False  # somebody waits or has been called
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tickets = count()
        self._beginning: Line = []
        self._going_on: Line = []
        self._lines = (self._beginning, self._going_on)

    @property
    def is_spent(self) -> bool:
        """Whether the slice of this round is; the first who asks begins it."""
        if self._ends is not None:
            return monotonic() > self._ends
        self._ends = monotonic() + SLICE_SECONDS
        if not self._is_closing:
            self._close_later()
        return False

    async def begin(self) -> None:
        """Return at once where nobody is busy, else in turn."""
        if self._is_crowded or self.is_spent:
            await self._wait(self._beginning)

    async def resume(self) -> None:
        """The same after waiting for something, in line with those who go on."""
        if self._is_crowded or self.is_spent:
            await self._wait(self._going_on)

    async def go_on(self) -> None:
        """Leave the rest of this round to others, and return in turn."""
        await self._wait(self._going_on)

    async def _wait(self, line: Line) -> None:
        """Whoever is called and finds the slice spent by others keeps the place in line."""
        ticket, loop = next(self._tickets), asyncio.get_running_loop()
        if self._loop is not loop:  # it was another's, which is over
            self._loop, self._is_closing = loop, False
            for each in self._lines:
                each.clear()
        while True:
            turn = loop.create_future()
            heappush(line, (ticket, turn))
            self._is_crowded = True
            if not self._is_closing:
                self._close_later()
            await turn
            if not self.is_spent:
                return

    def _close_later(self) -> None:
        self._is_closing = True
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._close)

    def _close(self) -> None:
        """End this round's slice, and call those who come first: they run in the next round."""
        self._ends = None
        self._is_closing = False
        self._lines = self._lines[::-1]
        self._is_crowded = any(map(_called, self._lines))
        if self._is_crowded:
            self._close_later()


def _called(line: Line) -> bool:
    """Call the first in line; whether there was anybody."""
    called = 0
    while line and called < AT_ONCE:
        _, turn = heappop(line)
        if not turn.done():  # else it has left
            turn.set_result(None)
            called += 1
    return called > 0
