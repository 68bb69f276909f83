"""Shares of the reading connections: whoever asks much at once leaves most of them to everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from weakref import WeakValueDictionary

_own: ContextVar[asyncio.Semaphore | None] = ContextVar("own share of connections", default=None)


class Shares:
    """Of one database: each caller reads with at most `size` connections at a time, the others wait."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @contextmanager
    def of(self, caller: str) -> Iterator[None]:
        """What is read within this is read for the caller."""
        share = self._by_caller.get(caller)
        if share is None:
            share = self._by_caller[caller] = asyncio.Semaphore(self._size)
        token = _own.set(share)
        try:
            yield
        finally:
            _own.reset(token)


def own_share() -> AbstractAsyncContextManager[None]:
    """A place among the caller's connections; at once where nobody in particular asks."""
    share = _own.get()
    return nullcontext() if share is None else share
