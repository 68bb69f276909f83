"""Whether a Redis answers at all."""

from __future__ import annotations

import asyncio

SECONDS = 2.0


async def redis_answers(url: str) -> bool:
    """Ask for a sign of life, once."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
    try:
        async with asyncio.timeout(SECONDS):
            return bool(await client.ping())
    except (OSError, TimeoutError, RedisError):
        return False
    finally:
        await client.aclose()
