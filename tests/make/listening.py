"""When a subscription has begun to listen: what is done before that, it need not hear of."""

from __future__ import annotations

import asyncio

from resolvers import feed


async def all_listen(count: int = 1) -> None:
    """Wait until so many subscribers of this process know where they stand and wait for news."""
    while True:
        if sum(hub.waiting for hub in feed.hubs.values()) >= count:
            return
        await asyncio.sleep(0.01)
