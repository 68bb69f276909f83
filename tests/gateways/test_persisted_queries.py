"""What one process was told, every process knows, as long as Redis answers; within bounds."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateways import redis_link
from gateways.persisted_queries import (
    LocalPersistedQueries,
    PersistedQueries,
    Quota,
    SharedPersistedQueries,
    make_persisted_queries,
)
from gateways.redis_link import RedisLink

REDIS = os.environ.get("QUINTET_TEST_REDIS_URL", "redis://127.0.0.1:6379")
QUOTA = Quota(1_000, 500)


def hash_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


@dataclass
class Shared:
    """One Redis, with keys of this test's own."""

    redis: Redis
    prefix: str
    opened: list[SharedPersistedQueries]

    def process(self) -> SharedPersistedQueries:
        """As another process would have it."""
        made = SharedPersistedQueries(RedisLink(REDIS), b"key", quota=QUOTA, prefix=self.prefix)
        self.opened.append(made)
        return made

    async def bytes(self) -> int:
        """Of all documents that are kept."""
        names = [each async for each in self.redis.scan_iter(f"{self.prefix}*")]
        texts = [name for name in names if len(name) == len(self.prefix) + 64]
        return sum([await self.redis.strlen(name) for name in texts])


@pytest.fixture
async def shared(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shared]:
    monkeypatch.setattr(redis_link, "SECONDS_FOR_REDIS", 10)  # a busy machine is not what is tested
    redis = Redis.from_url(REDIS)
    try:
        await redis.ping()
    except (OSError, RedisError):
        pytest.skip("no Redis answers")
    found = Shared(redis, f"quintet-test:{uuid.uuid4().hex}:", [])
    yield found
    for each in found.opened:
        await each.stop()
    async for name in redis.scan_iter(f"{found.prefix}*"):
        await redis.delete(name)
    await redis.aclose()


async def brought(queries: PersistedQueries, sharer: str, *documents: str) -> None:
    for document in documents:
        await queries.put(hash_of(document), document, sharer)


async def known(queries: PersistedQueries, *documents: str) -> list[bool]:
    return [await queries.get(hash_of(document)) == document for document in documents]


def documents(name: str, count: int, size: int = 100) -> list[str]:
    return [f"{{ {name}{number} }}".ljust(size, "#") for number in range(count)]


async def test_processes_share_what_they_were_told(shared: Shared) -> None:
    one, other, third = (shared.process() for _ in range(3))
    document = "query Q { hello }"
    assert await other.get(hash_of(document)) is None
    await one.put(hash_of(document), document, "somebody")
    assert await other.get(hash_of(document)) == document
    key = f"{shared.prefix}{hash_of(document)}"
    assert 0 < await shared.redis.ttl(key) <= 7 * 24 * 3600
    await shared.redis.delete(key)
    assert await other.get(hash_of(document)) == document  # it keeps what it has read
    await shared.redis.set(key, "mutation Forged { hello }", ex=60)
    assert await third.get(hash_of(document)) is None


async def test_in_redis_a_sharer_has_a_share_and_the_oldest_make_room(shared: Shared) -> None:
    honest, many = documents("honest", 3), documents("many", 20)
    await brought(shared.process(), "honest", *honest)
    await brought(shared.process(), "greedy", *many)
    assert await shared.bytes() == 300 + QUOTA.of_sharer
    assert await known(shared.process(), *honest) == [True] * 3
    assert await known(shared.process(), *many) == [False] * 15 + [True] * 5
    for number in range(20):
        await brought(shared.process(), f"sharer {number}", *documents(f"s{number}x", 2))
        assert await shared.bytes() <= QUOTA.of_all
    assert await known(shared.process(), *honest) == [False] * 3
    assert await known(shared.process(), *documents("s19x", 2)) == [True] * 2


async def test_redis_counts_anew_when_it_has_forgotten_a_part(shared: Shared) -> None:
    await brought(shared.process(), "a", *documents("a", 5))
    await shared.redis.delete(f"{shared.prefix}bytes")
    await brought(shared.process(), "b", *documents("b", 5))
    await brought(shared.process(), "c", *documents("c", 1))
    assert await shared.bytes() == QUOTA.of_all
    await shared.redis.delete(f"{shared.prefix}index")
    await brought(shared.process(), "d", *documents("d", 1))
    assert await known(shared.process(), *documents("d", 1)) == [True]


async def test_whose_document_it_is_stands_nowhere_in_redis(shared: Shared) -> None:
    await brought(shared.process(), "203.0.113.7", "{ hello }")
    names = [each async for each in shared.redis.scan_iter(f"{shared.prefix}*")]
    members = await shared.redis.zrange(f"{shared.prefix}index", 0, -1)
    assert len(members) == 1
    assert not any(b"203.0.113.7" in each for each in [*names, *members])


@pytest.mark.parametrize("name", ["index", "bytes", "of:x", "", "x" * 64, "A" * 64])
async def test_only_hashes_are_asked_for(shared: Shared, name: str) -> None:
    link = RedisLink(REDIS)
    queries = SharedPersistedQueries(link, b"key", prefix=shared.prefix)
    shared.opened.append(queries)
    await brought(queries, "somebody", "{ hello }")
    assert await queries.get(name) is None
    assert not link.is_away


async def test_in_memory_a_sharer_has_a_share_and_the_oldest_make_room() -> None:
    queries = LocalPersistedQueries(QUOTA)
    honest, many = documents("honest", 3), documents("many", 20)
    await brought(queries, "honest", *honest)
    await brought(queries, "greedy", *many)
    assert await known(queries, *honest) == [True] * 3
    assert await known(queries, *many) == [False] * 15 + [True] * 5
    for number in range(20):
        await brought(queries, f"sharer {number}", *documents(f"s{number}x", 2))
    assert await known(queries, *honest) == [False] * 3
    assert await known(queries, *documents("s19x", 2)) == [True] * 2
    await brought(queries, "wide", *documents("宽", 4, 40))
    assert sum(await known(queries, *documents("宽", 4, 40))) == 4


async def test_without_redis_a_process_knows_what_it_was_told_itself() -> None:
    queries = make_persisted_queries(RedisLink("redis://127.0.0.1:1"), b"key")
    assert await queries.get(hash_of("{ hello }")) is None
    await queries.put(hash_of("{ hello }"), "{ hello }", "somebody")
    assert await queries.get(hash_of("{ hello }")) == "{ hello }"
    await queries.stop()
