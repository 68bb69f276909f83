"""Whoever is cancelled while it reads takes its statement along, and leaves the connections as they were."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tortoise.connection import get_connection

from models.accounts.organisations import Organisation
from models.database import change, execute, fetch, is_postgres, records, transaction
from models.engine.sqlite.reading import ReadingConnection

ENDLESS_SQLITE = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
)
ENDLESS_POSTGRES = "SELECT pg_sleep(30)"


def endless() -> str:
    return ENDLESS_POSTGRES if is_postgres() else ENDLESS_SQLITE


async def by_sql() -> None:
    await records(endless())


async def by_the_orm() -> None:
    await get_connection("reader").execute_query(endless())


@pytest.mark.parametrize("reading", [by_sql, by_the_orm])
async def test_a_statement_ends_with_whoever_reads(
    database: str, reading: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    for _ in range(3):
        task = asyncio.create_task(reading())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    began = time.monotonic()
    await asyncio.gather(*(Organisation.all() for _ in range(3)), records("SELECT 1"))
    assert time.monotonic() - began < 5, "nothing of what was given up is waited for"


async def test_one_that_is_given_up_before_it_begins_is_not_run(database: str) -> None:
    if is_postgres():
        pytest.skip("each statement has a connection of its own")
    first = asyncio.create_task(by_the_orm())
    await asyncio.sleep(0.05)
    second = asyncio.create_task(by_the_orm())
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0.05)
    assert not first.done(), "somebody else's statement goes on"
    first.cancel()
    await asyncio.wait({first, second})
    assert [tuple(row) for row in await records("SELECT 1")] == [(1,)]


async def test_what_writes_is_never_interrupted(database: str) -> None:
    if is_postgres():
        pytest.skip("PostgreSQL undoes what it interrupts")
    writer: Any = get_connection("default")
    reader: Any = get_connection("reader")
    assert isinstance(reader._connection, ReadingConnection)
    assert not isinstance(writer._connection, ReadingConnection)
    with pytest.raises(sqlite3.OperationalError):
        await reader._connection.execute("DELETE FROM organisation")


async def test_a_transaction_goes_on_when_whoever_waits_is_cancelled(database: str) -> None:
    async def rename() -> None:
        await asyncio.sleep(0.05)
        await execute("UPDATE organisation SET name = 'renamed' WHERE id = 1")

    task = asyncio.create_task(transaction(rename))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await transaction(fetch, "SELECT 1")
    await asyncio.sleep(0.1)
    assert await fetch("SELECT name FROM organisation WHERE id = 1") == [{"name": "renamed"}]


async def test_a_connection_is_as_good_as_before_after_a_cancelled_change(database: str) -> None:
    if not is_postgres():
        pytest.skip("on SQLite it is a transaction, which goes on")
    for _ in range(20):
        task = asyncio.create_task(
            change("UPDATE organisation SET name = name WHERE pg_sleep(1) IS NULL RETURNING id")
        )
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert await change("UPDATE organisation SET name = name WHERE id = 1 RETURNING id")
