from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest

from models.accounts.organisations import Organisation
from models.database import (
    any_id,
    any_of,
    array,
    columns,
    execute,
    fetch,
    is_postgres,
    read,
    records,
    transaction,
)
from tests.make.elsewhere import write_elsewhere

NAME = "SELECT name FROM organisation WHERE id = ?"


class Node(NamedTuple):
    id: int
    code: str


async def name() -> str:
    return str((await records(NAME, 1))[0][0])


async def rename(new: str) -> None:
    await execute("UPDATE organisation SET name = ? WHERE id = 1", new)


@pytest.mark.parametrize("among", [any_of, any_id])
async def test_rows_are_named_tuples_and_a_list_is_one_parameter(
    database: str, among: Callable[[str], str]
) -> None:
    await Organisation.create(code="B", name="b", kind="REGION", path="2/")
    statement = f"SELECT {columns(Node, 'o')} FROM organisation o WHERE {among('o.id')}"
    for ids in ([], [2], [1, 2, 3]):
        found = await read(Node, statement, array(ids))
        assert {row.id for row in found} == {1, 2} & set(ids)
        assert all(row.code == "B" for row in found if row.id == 2)


async def test_postgresql_compiles_nothing_for_either_kind_of_connection(database: str) -> None:
    if not is_postgres():
        pytest.skip("SQLite compiles nothing")
    assert [tuple(row) for row in await records("SHOW jit")] == [("off",)]
    assert await transaction(fetch, "SHOW jit") == [{"jit": "off"}]


async def test_postgresql_plans_a_look_up_of_ids_once(database: str) -> None:
    if not is_postgres():
        pytest.skip("SQLite keeps its plans whatever the parameters")
    await execute("CREATE TABLE ware AS SELECT id FROM generate_series(1::bigint, 5000) AS id")
    await execute("CREATE UNIQUE INDEX ON ware (id)")
    await execute("ANALYZE ware")
    for _ in range(8):
        assert await records(f"SELECT id FROM ware WHERE {any_id('id')}", array([1]))
    plans = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE ?"
    ((generic, custom),) = await records(plans, "SELECT id FROM ware%")
    assert (generic, custom) == (3, 5)


async def test_whatever_is_committed_anywhere_is_read_next(database: str) -> None:
    for number in range(20):
        await transaction(rename, f"own {number}")
        assert await name() == await name() == f"own {number}"
        await write_elsewhere(database, f"UPDATE organisation SET name = 'foreign {number}'")
        assert await name() == f"foreign {number}"


async def test_a_transaction_reads_its_own_writes_and_nobody_else_does(database: str) -> None:
    before, written, seen = await name(), asyncio.Event(), asyncio.Event()

    async def work() -> str:
        await rename("not yet")
        written.set()
        await seen.wait()
        return await name()

    writing = asyncio.create_task(transaction(work))
    await written.wait()
    assert await name() == before
    seen.set()
    assert await writing == await name() == "not yet"


async def test_a_statement_that_takes_long_holds_nobody_up(database: str) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    counted = await records(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
        " SELECT COUNT(*) FROM n"
    )
    ticking.cancel()
    assert counted[0][0] == 1_000_000
    assert ticks > 10


async def test_readers_that_hang_up_leave_no_connection_behind(database: str) -> None:
    if not is_postgres():
        pytest.skip("SQLite answers before anybody could hang up")
    for _ in range(30):
        reading = asyncio.create_task(records("SELECT pg_sleep(120)"))
        await asyncio.sleep(0.005)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await asyncio.wait_for(asyncio.gather(*(name() for _ in range(30))), 60)


async def test_a_statement_ends_with_whoever_waits_for_it(database: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS c FROM n"
    for _ in range(25):  # more than there are connections
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch(endless)
    async with asyncio.timeout(10):
        assert await fetch("SELECT 1 AS one") == [{"one": 1}]
        await transaction(fetch, "SELECT 1 AS one")
