"""Long work on many rows in the event loop, which everybody else has in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
TURN_SECONDS = 0.01


async def in_turns(rows: Iterable[T]) -> AsyncIterator[T]:
    """The rows one after another; whoever else is ready goes first once a turn is over."""
    until = monotonic() + TURN_SECONDS
    for row in rows:
        yield row
        if monotonic() > until:
            await asyncio.sleep(0)
            until = monotonic() + TURN_SECONDS
