"""Transactions on SQLite share commits, and nobody can tell but by the clock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from tortoise.connection import get_connection

from models import database as db
from models.accounts.sessions import Guest
from models.database import after_commit, transaction
from models.engine.sqlite import group_commit
from models.engine.transactions import open_transaction
from tests.conftest import POSTGRES

pytestmark = pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL commits in groups by itself")


@pytest.fixture
async def commits(database: str) -> AsyncIterator[list[str]]:
    """The COMMIT and ROLLBACK statements that the writer has sent."""
    sent: list[str] = []
    connection = get_connection("default")._connection

    def trace(statement: str) -> None:
        if statement in ("COMMIT", "ROLLBACK"):
            sent.append(statement)

    await connection.set_trace_callback(trace)
    yield sent
    await connection.set_trace_callback(None)


async def _a_guest(fails: bool = False) -> int:
    guest = await Guest.create()
    await asyncio.sleep(0)
    if fails:
        raise ValueError("no")
    return guest.id


async def _seen(guest_id: int) -> bool:
    """Whether another connection sees it, which it does only once it is committed."""
    rows = await db.fetch("SELECT id FROM guest WHERE id = ?", guest_id)
    return len(rows) == 1


async def test_who_waits_together_commits_together_and_fails_alone(
    commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "LONGEST_SECONDS", 60)  # however slow the machine is
    seen_at_callback: list[asyncio.Task[bool]] = []

    async def work(fails: bool) -> int:
        guest_id = await _a_guest()
        after_commit(lambda: seen_at_callback.append(asyncio.ensure_future(_seen(guest_id))))
        if fails:
            raise ValueError("no")
        return guest_id

    async def caller(number: int) -> str:
        try:
            return "seen" if await _seen(await transaction(work, number % 5 == 0)) else "unseen"
        except ValueError:
            return "refused"

    outcomes = Counter(await asyncio.gather(*(caller(number) for number in range(200))))
    assert outcomes == {"seen": 160, "refused": 40}
    assert await Guest.all().count() == 160
    assert Counter(await asyncio.gather(*seen_at_callback)) == {True: 160}
    assert commits.count("COMMIT") < 100


async def test_a_commit_that_fails_undoes_all_of_its_group_which_runs_again(
    commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [sqlite3.OperationalError("database is locked")]
    real = group_commit.visit

    async def visit(connection: object, steps: list[str]) -> None:
        if "COMMIT" in steps and failures:
            raise failures.pop()
        await real(connection, steps)

    monkeypatch.setattr(group_commit, "visit", visit)
    ids = await asyncio.gather(*(transaction(_a_guest) for _ in range(20)))
    assert "ROLLBACK" in commits
    assert sorted(ids) == sorted(await Guest.all().values_list("id", flat=True))
    assert len(ids) == 20


async def test_a_commit_that_cannot_be_is_told_to_everybody(
    commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = group_commit.visit

    async def visit(connection: object, steps: list[str]) -> None:
        if "COMMIT" in steps:
            raise sqlite3.OperationalError("database or disk is full")
        await real(connection, steps)

    with monkeypatch.context() as patched:
        patched.setattr(group_commit, "visit", visit)
        told = await asyncio.gather(
            *(transaction(_a_guest) for _ in range(10)), return_exceptions=True
        )
    assert all(isinstance(each, sqlite3.OperationalError) for each in told), told
    assert await Guest.all().count() == 0
    assert await _seen(await transaction(_a_guest))


async def test_a_transaction_that_sqlite_ends_takes_its_group_along_which_runs_again(
    commits: list[str],
) -> None:
    async def breaks() -> None:
        await Guest.create()
        await db.execute("ROLLBACK")
        raise ValueError("broken")

    async def tried(work: object) -> str:
        try:
            await transaction(work)  # type: ignore[arg-type]
        except ValueError:
            return "broken"
        return "committed"

    outcomes = Counter(
        await asyncio.gather(*(tried(breaks if n == 7 else _a_guest) for n in range(15)))
    )
    assert outcomes == {"committed": 14, "broken": 1}
    assert await Guest.all().count() == 14


async def test_nobody_is_let_into_an_old_group(commits: list[str]) -> None:
    """Or whoever has ended would wait for whoever came last."""

    async def slow() -> None:
        await Guest.create()
        await asyncio.sleep(2 * group_commit.LONGEST_SECONDS)

    first = asyncio.create_task(transaction(slow))
    await asyncio.sleep(group_commit.LONGEST_SECONDS)
    second = asyncio.create_task(transaction(slow))
    await first
    assert not second.done()
    assert commits == ["COMMIT"]
    await second


async def test_callers_that_leave_the_queue_hold_nobody_up(commits: list[str]) -> None:
    entered = asyncio.Event()

    async def unshielded() -> None:
        async with open_transaction(get_connection("default"), brief=False) as connection:
            await Guest.create(using_db=connection)

    async def first() -> None:
        entered.set()
        await asyncio.sleep(0.01)

    running = asyncio.create_task(transaction(first))
    await entered.wait()
    waiting = [asyncio.create_task(unshielded()) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for each in waiting[::2]:
        each.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await running
    assert sum(isinstance(each, asyncio.CancelledError) for each in outcomes) == 5
    assert await asyncio.wait_for(transaction(_a_guest), 60)
    assert await Guest.all().count() == 6


async def test_the_loop_goes_on_while_another_process_writes(
    database_url: str, database: str
) -> None:
    """Only waiting for the other one is left to the connection's thread."""
    other = sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        waiting = [asyncio.create_task(transaction(_a_guest)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert await db.fetch("SELECT 1 AS alive") == [{"alive": 1}]
        assert not any(each.done() for each in waiting)
        other.execute("COMMIT")
    finally:
        other.close()
    assert len(set(await asyncio.gather(*waiting))) == 3
    writer = get_connection("default")._connection
    (patience,) = (await writer.execute_fetchall("PRAGMA busy_timeout"))[0]
    assert patience == 10_000
