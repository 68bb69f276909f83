from __future__ import annotations

import asyncio
import contextlib

import pytest

from models import database as db
from models.accounts.sessions import Guest
from models.database import after_commit, transaction


async def test_work_that_fails_leaves_nothing(database: str) -> None:
    called: list[str] = []

    async def work() -> None:
        await Guest.create()
        after_commit(lambda: called.append("committed"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await transaction(work)
    assert await Guest.all().count() == 0
    assert called == []


async def test_work_that_commits_calls_back_afterwards(database: str) -> None:
    seen: list[bool] = []

    async def work() -> int:
        after_commit(lambda: seen.append(db.in_transaction_now()))
        return (await Guest.create()).id

    assert await transaction(work) == (await Guest.get()).id
    assert seen == [False]


async def test_a_transaction_inside_another_joins_it(database: str) -> None:
    async def inner() -> None:
        await Guest.create()

    async def outer() -> None:
        await transaction(inner)
        raise ValueError("both go")

    with pytest.raises(ValueError, match="both go"):
        await transaction(outer)
    assert await Guest.all().count() == 0


async def test_callers_that_hang_up_leave_a_working_database(database: str) -> None:
    async def work() -> None:
        await Guest.create()
        await asyncio.sleep(0.001)
        await Guest.all().count()

    callers = []
    for number in range(200):
        callers.append(asyncio.create_task(transaction(work)))
        await asyncio.sleep(0.0005 * (number % 5))
        callers[-1].cancel()
    for caller in callers:
        with contextlib.suppress(asyncio.CancelledError):
            await caller
    await asyncio.wait_for(transaction(work), 60)
    begun = await Guest.all().count()
    assert 1 <= begun <= 201


async def test_what_was_begun_is_finished_though_nobody_waits(database: str) -> None:
    begun, go_on, committed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        await Guest.create()
        after_commit(committed.set)

    caller = asyncio.create_task(transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await committed.wait()
    assert await Guest.all().count() == 1


async def test_reads_do_not_wait_for_a_running_transaction(database: str) -> None:
    written, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await Guest.create()
        written.set()
        await release.wait()

    running = asyncio.create_task(transaction(work))
    await written.wait()
    assert await asyncio.wait_for(Guest.all().count(), 60) == 0
    release.set()
    await running
    assert await Guest.all().count() == 1


async def test_a_deadlock_is_resolved_by_running_one_of_the_two_again(database: str) -> None:
    guests = sorted([(await Guest.create()).id, (await Guest.create()).id])
    ran: list[int] = []
    # Each has its first row before either asks for its second; SQLite lets nobody in meanwhile.
    both_have_one = asyncio.Barrier(2)

    async def touch(one: int, other: int) -> None:
        ran.append(one)
        await db.execute("UPDATE guest SET created_at = created_at WHERE id = ?", one)
        if db.is_postgres() and len(ran) <= 2:
            await both_have_one.wait()
        await db.execute("UPDATE guest SET created_at = created_at WHERE id = ?", other)
        await Guest.create()

    await asyncio.gather(transaction(touch, *guests), transaction(touch, *reversed(guests)))
    assert await Guest.all().count() == 4
    assert len(ran) == (3 if db.is_postgres() else 2)


async def test_placeholders_are_numbered_where_the_database_wants_it(database: str) -> None:
    rows = await db.fetch("SELECT CAST(? AS INTEGER) + CAST(? AS INTEGER) AS total", 2, 3)
    assert rows == [{"total": 5}]
