"""Redis clients with short timeouts and without retries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER_SECONDS = 0.5


def redis_at(url: str, *, seconds: float | None = ANSWER_SECONDS, **options: Any) -> Redis:
    """Return a client that times out after `seconds` (None: waits for messages) and does not retry."""
    # Imported late, because the library loads slowly and not every server needs it.
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        url,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        **options,
    )


def redis_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (OSError, TimeoutError, RedisError)


async def close_redis(client: Redis) -> None:
    """Close the client's connections; abandon one that hangs."""
    closing = asyncio.create_task(client.aclose())
    await asyncio.wait({closing}, timeout=ANSWER_SECONDS)
    closing.cancel()


async def answers(url: str) -> bool:
    """Return whether Redis responds to a ping now."""
    client = redis_at(url)
    try:
        await asyncio.wait_for(client.ping(), ANSWER_SECONDS)
    except redis_errors():
        return False
    finally:
        await close_redis(client)
    return True
