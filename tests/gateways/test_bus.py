"""Other processes are woken by every change, but not once for each."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from gateways.bus import CHANNEL, PAUSE_SECONDS, PostgresBus
from tests.make.databases import POSTGRES

WAKES = 100


@pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process")
async def test_a_rush_of_changes_is_told_by_few_messages_and_the_last_is_told(
    database_url: str,
) -> None:
    heard: asyncio.Queue[float] = asyncio.Queue()
    listener = await asyncpg.connect(database_url)
    await listener.add_listener(CHANNEL, lambda *_: heard.put_nowait(time.monotonic()))
    bus = PostgresBus(database_url)
    await bus.start()
    try:
        began = time.monotonic()
        for _ in range(WAKES):
            last = time.monotonic()
            bus.wake()
            await asyncio.sleep(0.001)
        messages = 1
        async with asyncio.timeout(20):
            while await heard.get() < last:
                messages += 1
        assert messages <= (time.monotonic() - began) / PAUSE_SECONDS + 2
    finally:
        await bus.stop()
        await listener.close()
