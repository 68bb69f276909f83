"""Answers that many ask for at once: each is found once, until it is forgotten, a second later at most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
KEPT = 1_000
KEPT_SECONDS = 1.0


class Answers:
    def __init__(self) -> None:
        self.forget()

    async def get(self, key: Hashable, find: Callable[[], Awaitable[T]]) -> T:
        """What `find` answers; who asks meanwhile or later gets the same. A failure is for those who wait."""
        if monotonic() >= self._until or len(self._known) >= KEPT:
            self.forget()
        task: asyncio.Task[T] | None = self._known.get(key)
        if task is None:
            task = self._known[key] = asyncio.ensure_future(_awaited(find))
            task.add_done_callback(lambda done: self._drop_failed(key, done))
        # Whoever leaves must not take the answer away from the others.
        return await asyncio.shield(task)

    def forget(self) -> None:
        self._known: dict[Hashable, asyncio.Task[Any]] = {}
        self._until = monotonic() + KEPT_SECONDS

    def _drop_failed(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._known.get(key) is done:
            del self._known[key]


async def _awaited(find: Callable[[], Awaitable[T]]) -> T:
    return await find()
