"""Taking turns in one event loop, so that many who are busy at once keep nobody else waiting."""

from __future__ import annotations

import asyncio
from collections import deque

AT_ONCE = 10


class Turns:
    """Some of those who wait go on, first come first served; then whatever else is ready has its turn."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def take(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._task is None:
            self._task = asyncio.create_task(self._give())
        await turn

    async def _give(self) -> None:
        while self._waiting:
            for _ in range(min(AT_ONCE, len(self._waiting))):
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
            await asyncio.sleep(0)
        self._task = None
