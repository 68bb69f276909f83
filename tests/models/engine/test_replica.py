"""Reading from a replica: what may lag and nothing else, and only while it keeps up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from models import database as db
from models.read_consistency import NOT_AT_ALL, as_fresh_as, up_to_date
from tests.conftest import free_port
from tests.make.databases import POSTGRES, PostgresDatabases, named, on_server
from tests.make.requests import begin_request
from tests.make.streaming import IS_INSTALLED, primary_and_replica

pytestmark = pytest.mark.skipif(not POSTGRES, reason="SQLite has no replica")


async def read_from() -> str:
    name: str = (await db.fetch("SELECT current_database() AS name"))[0]["name"]
    return name


async def read_lagging() -> str:
    with as_fresh_as(None, may_lag=True):
        return await read_from()


async def comes_to(read: Callable[[], Awaitable[str]], name: str) -> None:
    for _ in range(600):
        if await read() == name:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{name} is never read, but {await read()}")


async def test_only_what_may_lag_is_read_from_the_replica_and_only_while_it_answers(
    postgres_databases: PostgresDatabases,
) -> None:
    primary, replica = postgres_databases.own(), postgres_databases.own()
    await db.connect(named(primary), replica_url=named(replica))
    try:
        await comes_to(read_lagging, replica)
        assert await read_from() == primary
        with as_fresh_as(None, may_lag=True):
            assert await up_to_date(read_from)() == primary
            assert await db.transaction(read_from) == primary
            assert await read_from() == replica
            with as_fresh_as(request := await begin_request(), may_lag=True):
                assert await read_from() == replica
            assert request.holds_until == NOT_AT_ALL  # so that nothing that lags is kept
        await on_server(f'DROP DATABASE "{replica}" WITH (FORCE)')
        assert [await read_lagging() for _ in range(20)] == [primary] * 20
        await on_server(f'CREATE DATABASE "{replica}"')
        await comes_to(read_lagging, replica)
    finally:
        await db.close()
        for name in (primary, replica):
            postgres_databases.drop(name)


async def test_a_replica_that_is_away_delays_no_start(
    postgres_databases: PostgresDatabases,
) -> None:
    primary = postgres_databases.shared()
    await asyncio.wait_for(
        db.connect(named(primary), replica_url="postgres://nobody@127.0.0.1:1/x"), 30
    )
    try:
        assert await read_lagging() == primary
    finally:
        await asyncio.wait_for(db.close(), 30)


@pytest.mark.skipif(not IS_INSTALLED, reason="PostgreSQL's own programs are not installed")
async def test_a_streaming_replica_is_left_while_it_lags() -> None:
    ports = (free_port(), free_port())
    async with primary_and_replica(ports) as (primary, replica):
        standby = await asyncpg.connect(replica)
        await db.connect(primary, replica_url=replica, replica_lag_seconds=2)
        try:
            await comes_to(lagging_port, str(ports[1]))
            await db.execute("CREATE TABLE written (number int)")
            await comes_to(lagging_port, str(ports[1]))
            await standby.execute("SELECT pg_wal_replay_pause()")
            await db.execute("INSERT INTO written VALUES (1)")
            await comes_to(lagging_port, str(ports[0]))
            await standby.execute("SELECT pg_wal_replay_resume()")
            await comes_to(lagging_port, str(ports[1]))
            with as_fresh_as(None, may_lag=True):
                assert await db.fetch("SELECT number FROM written") == [{"number": 1}]
        finally:
            await db.close()
            await standby.close()


async def lagging_port() -> str:
    with as_fresh_as(None, may_lag=True):
        return str((await db.fetch("SELECT inet_server_port() AS port"))[0]["port"])
