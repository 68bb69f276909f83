"""Waiting between two rounds of background work."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until the process stops."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
