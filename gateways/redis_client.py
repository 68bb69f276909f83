"""Redis as everything here asks it: briefly, once, and never as if an answer were certain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER_SECONDS = 0.5


def redis_at(url: str, *, seconds: float | None = ANSWER_SECONDS, **options: Any) -> Redis:
    """A client that gives up after `seconds` (None: waits for messages) and does not retry by itself."""
    # Imported where it is used, as all that takes long to load and not every server needs.
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
    """Close the client's connections; one that hangs is left behind."""
    closing = asyncio.create_task(client.aclose())
    await asyncio.wait({closing}, timeout=ANSWER_SECONDS)
    closing.cancel()


async def answers(url: str) -> bool:
    """Whether Redis answers a ping now."""
    client = redis_at(url)
    try:
        await asyncio.wait_for(client.ping(), ANSWER_SECONDS)
    except redis_errors():
        return False
    finally:
        await close_redis(client)
    return True
