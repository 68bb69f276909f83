"""Fair shares of the reading connections, so that one caller cannot occupy all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from weakref import WeakValueDictionary

_own: ContextVar[asyncio.Semaphore | None] = ContextVar("own share of connections", default=None)


class Shares:
    """Limits each caller of one database to `size` reading connections at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @contextmanager
    def of(self, caller: str) -> Iterator[None]:
        """Count reads inside this context against the caller's share."""
        share = self._by_caller.get(caller)
        if share is None:
            share = self._by_caller[caller] = asyncio.Semaphore(self._size)
        token = _own.set(share)
        try:
            yield
        finally:
            _own.reset(token)


def own_share() -> AbstractAsyncContextManager[None]:
    """Return the semaphore of the current caller's share; without a caller, a null context."""
    share = _own.get()
    return nullcontext() if share is None else share
