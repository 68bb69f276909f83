"""One feed out of two server processes: whatever fails on the way, nothing is missed or comes twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.changes import FOLLOW, pages
from tests.make.databases import POSTGRES
from tests.make.processes import process
from tests.make.shop import open_shop, put

REDIS = shutil.which("redis-server")
WRITERS = 40
INSERT = (
    "INSERT INTO outbox_event (topic, node_type, node_id, merchant_id, organisation_id, actor_kind,"
    " created_at) SELECT 'order.changed', 'Order', 1, id, id, 'SYSTEM', now() FROM organisation LIMIT 1"
)
LISTENERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process"),
]


@asynccontextmanager
async def a_redis() -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    port = free_port()
    assert REDIS is not None
    running = await asyncio.create_subprocess_exec(
        REDIS, f"--port {port}", "--save ''", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield f"redis://127.0.0.1:{port}", running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def sequences(feed: Any, upto: int) -> list[int]:
    """What comes until this sequence has come."""
    found: list[int] = []
    async with asyncio.timeout(60):
        while not found or found[-1] < upto:
            event = await feed.next(30)
            found.append(int(event["data"]["changes"]["sequence"]))
    return found


@pytest.mark.parametrize("bus", ["notify", "redis"])
async def test_two_processes_have_one_feed(settings: Settings, bus: str) -> None:
    if bus == "redis" and not REDIS:
        pytest.skip("Redis is not installed")
    async with AsyncExitStack() as stack:
        variables, redis = {}, None
        if bus == "redis":
            url, redis = await stack.enter_async_context(a_redis())
            variables["QUINTET_REDIS_URL"] = url
        here, there = [
            await stack.enter_async_context(
                process(replace(settings, port=free_port()), **variables)
            )
            for _ in range(2)
        ]
        database = await asyncpg.connect(settings.database_url)
        stack.push_async_callback(database.close)
        admin, other = await here.staff(), await there.staff()
        shop = await open_shop(admin, 5)
        last = int((await pages(admin))[-1]["sequence"])
        feeds = [
            await stack.enter_async_context(each.subscribe(FOLLOW, after=str(last)))
            for each in (admin, other)
        ]
        reached = await everything_arrives(admin, other, shop, database, feeds, last)
        if redis is not None:
            redis.kill()
            await redis.wait()
        else:
            assert len(await database.fetch(LISTENERS)) == 2
        reached = await everything_arrives(admin, other, shop, database, feeds, reached)
        # A process that was killed between its commit and the numbering leaves this behind.
        await database.execute(INSERT)
        for feed in feeds:
            assert await sequences(feed, reached + 1) == [reached + 1]
        everything = [int(each["sequence"]) for each in await pages(other, first=250)]
        assert everything == list(range(1, reached + 2))


async def everything_arrives(
    admin: Api, other: Api, shop: Any, database: Any, feeds: list[Any], last: int
) -> int:
    """Many write in both processes, one transaction commits late; answers the last sequence."""
    long = database.transaction()
    await long.start()
    await database.execute(INSERT)
    start = last * 10
    await asyncio.gather(
        *(
            put((admin, other)[number % 2], ("SHOP", shop.sku, start + number))
            for number in range(WRITERS)
        )
    )
    upto = last + WRITERS
    for feed in feeds:
        assert await sequences(feed, upto) == list(range(last + 1, upto + 1))
    await long.commit()
    await put(admin, ("SHOP", shop.sku, start + WRITERS))
    for feed in feeds:
        assert await sequences(feed, upto + 2) == [upto + 1, upto + 2]
    return upto + 2


async def test_a_subscriber_goes_on_in_another_process(settings: Settings) -> None:
    """Its process is stopped; it comes back to the other with the last sequence it saw."""
    async with process(replace(settings, port=free_port())) as stays:
        admin = await stays.staff()
        shop = await open_shop(admin, 5)
        async with process(replace(settings, port=free_port())) as leaves:
            guest = await leaves.staff()
            async with guest.subscribe(FOLLOW, after="0") as feed:
                seen = [int((await feed.next())["data"]["changes"]["sequence"]) for _ in range(2)]
        await put(admin, ("SHOP", shop.sku, 9))
        total = len(await pages(admin))
        async with admin.subscribe(FOLLOW, after=str(seen[-1])) as feed:
            seen += await sequences(feed, total)
        assert seen == list(range(1, total + 1))
