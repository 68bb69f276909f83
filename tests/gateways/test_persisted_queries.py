"""What one process was told, every process knows, as long as Redis answers."""

from __future__ import annotations

import os
import uuid
from hashlib import sha256

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateways.persisted_queries import SharedPersistedQueries, make_persisted_queries

REDIS = os.environ.get("QUINTET_TEST_REDIS_URL", "redis://127.0.0.1:6379")


def hash_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


async def test_processes_share_what_they_were_told() -> None:
    redis = Redis.from_url(REDIS)
    try:
        await redis.ping()
    except (OSError, RedisError):
        pytest.skip("no Redis answers")
    one, other, third = (make_persisted_queries(REDIS) for _ in range(3))
    document = f"query Q{uuid.uuid4().hex} {{ hello }}"
    try:
        assert await other.get(hash_of(document)) is None
        await one.put(hash_of(document), document)
        assert await other.get(hash_of(document)) == document
        key = f"quintet:persisted-query:{hash_of(document)}"
        assert 0 < await redis.ttl(key) <= 7 * 24 * 3600
        await redis.delete(key)
        assert await other.get(hash_of(document)) == document  # it keeps what it has read
        await redis.set(key, "mutation Forged { hello }", ex=60)
        assert await third.get(hash_of(document)) is None
    finally:
        for each in (one, other, third):
            await each.stop()
        await redis.delete(f"quintet:persisted-query:{hash_of(document)}")
        await redis.aclose()


async def test_without_redis_a_process_knows_what_it_was_told_itself() -> None:
    queries = SharedPersistedQueries("redis://127.0.0.1:1")
    assert await queries.get(hash_of("{ hello }")) is None
    await queries.put(hash_of("{ hello }"), "{ hello }")
    assert await queries.get(hash_of("{ hello }")) == "{ hello }"
    await queries.stop()
