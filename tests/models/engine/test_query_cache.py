"""Results that are kept: never older than the request, whoever commits what and when, on either database."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from models.config import sqlite_path
from models.database import (
    close,
    connect,
    execute,
    freshness_of_request,
    is_postgres,
    keep,
    recall,
    records,
    transaction,
)
from models.engine import query_cache
from models.engine.query_cache import PostgresQueryCache, ResultCache
from models.read_consistency import Freshness, as_fresh_as
from tests.conftest import free_port
from tests.make.requests import a_request, begin_request
from tests.make.streaming import IS_INSTALLED, primary_and_replica

CELL = "SELECT value FROM cell WHERE id = ?"
CELLS = (1, 2, 3)


async def seen(freshness: Freshness, cell: int) -> int:
    with as_fresh_as(freshness):
        return int((await records(CELL, cell))[0][0])


async def make_cells() -> None:
    await execute("CREATE TABLE cell (id INT PRIMARY KEY, value INT NOT NULL)")
    for cell in CELLS:
        await execute("INSERT INTO cell VALUES (?, 0)", cell)


@dataclass
class Writer:
    """A connection of its own that changes one cell in transactions of any shape."""

    cell: int
    send: Callable[[str], Any]
    committed: int = 0
    written: int | None = None  # by the open transaction
    saved: list[int] = field(default_factory=list)  # before each of its savepoints

    async def step(self, chance: random.Random) -> None:
        if self.written is None:
            await self.send("BEGIN")
            self.written = self.committed
            return
        match chance.choice(("write", "write", "save", "back", "commit", "roll back")):
            case "write":
                self.written = chance.randrange(10**6)
                await self.send(f"UPDATE cell SET value = {self.written} WHERE id = {self.cell}")
            case "save":
                self.saved.append(self.written)
                await self.send(f"SAVEPOINT s{len(self.saved)}")
            case "back" if self.saved:
                await self.send(f"ROLLBACK TO SAVEPOINT s{len(self.saved)}")
                self.written = self.saved.pop()
            case "commit":
                await self.send("COMMIT")
                self._end(self.written)
            case _:
                await self.send("ROLLBACK")
                self._end(self.committed)

    def _end(self, value: int) -> None:
        self.committed, self.written, self.saved = value, None, []


@dataclass
class Request:
    """A request under way: each of its reads is of a state between its beginning and now, in their order."""

    freshness: Freshness
    earliest: int

    async def read(self, states: list[dict[int, int]], cell: int) -> None:
        value = await seen(self.freshness, cell)
        possible = [n for n in range(self.earliest, len(states)) if states[n][cell] == value]
        assert possible, (cell, value, states[self.earliest :])
        self.earliest = possible[0]


async def writers_of(database: str) -> list[Writer]:
    """Three on PostgreSQL; on SQLite nobody can begin to write beside another."""
    if is_postgres():
        return [Writer(cell, (await asyncpg.connect(database)).execute) for cell in CELLS]
    connection = sqlite3.connect(sqlite_path(database), isolation_level=None)

    async def send(statement: str) -> None:
        connection.execute(statement)

    return [Writer(CELLS[0], send)]


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_committed_or_rolled_back_in_between_reads_are_right(
    database: str, seed: int
) -> None:
    chance = random.Random(seed)
    await make_cells()
    writers, requests = await writers_of(database), list[Request]()
    states = [dict.fromkeys(CELLS, 0)]
    for _ in range(400):
        doing = chance.random()
        if doing < 0.15:
            writer = chance.choice(writers)
            await writer.step(chance)
            if writer.committed != states[-1][writer.cell]:
                states.append({**states[-1], writer.cell: writer.committed})
        elif doing < 0.45:
            requests = [*requests[-2:], Request(await begin_request(), len(states) - 1)]
        elif requests:
            await chance.choice(requests).read(states, chance.choice(CELLS))
    for writer in writers:
        if writer.written is not None:
            await writer.send("ROLLBACK")


async def test_a_commit_that_was_answered_is_seen_by_every_request_after_it(database: str) -> None:
    """Writers and readers that really run beside each other."""
    await make_cells()
    committed = dict.fromkeys(CELLS, 0)
    reading = True

    async def raise_value(cell: int) -> None:
        await execute("UPDATE cell SET value = value + 1 WHERE id = ?", cell)

    async def write(cell: int) -> None:
        while reading:
            await transaction(raise_value, cell)
            committed[cell] += 1
            await asyncio.sleep(random.choice((0, 0, 0.01)))

    async def read(cell: int) -> None:
        for _ in range(150):
            least = committed[cell]
            freshness = await begin_request()
            for _ in range(3):
                value = await seen(freshness, cell)
                assert value >= least
                least = value

    async with asyncio.TaskGroup() as group:
        for cell in CELLS[: 3 if is_postgres() else 1]:
            group.create_task(write(cell))
        async with asyncio.TaskGroup() as readers:
            for cell in CELLS * 2:
                readers.create_task(read(cell))
        reading = False


async def kept_name() -> list[str]:
    """The name as three requests see it, the last of them from what is kept."""
    names = []
    for _ in range(3):
        async with a_request():
            names.append(str((await records("SELECT name FROM organisation WHERE id = 1"))[0][0]))
    return names


async def test_a_result_that_is_asked_for_again_costs_no_statement(
    database: str, nothing_ever_changes: None, count_statements: Callable[[], Any]
) -> None:
    if not is_postgres():
        pytest.skip("SQLite says at each statement whether it may be kept")
    before = await kept_name()
    with count_statements() as statements:
        assert await kept_name() == before
    assert len(statements) == 3  # that ask for the snapshot


async def test_a_request_that_comes_without_a_key_asks_for_the_snapshot_alone(
    database: str, nothing_ever_changes: None, count_statements: Callable[[], Any]
) -> None:
    if not is_postgres():
        pytest.skip("SQLite is asked at each statement")
    for most in (2, 2, 1):
        freshness = freshness_of_request()
        with as_fresh_as(freshness), count_statements() as statements:
            assert await recall(freshness, ("a question", ())) is None
            await records("SELECT name FROM organisation WHERE id = 1")
        assert len(statements) == most, statements


async def test_only_requests_are_answered_from_what_is_kept(
    database: str, nothing_ever_changes: None
) -> None:
    before = (await kept_name())[0]
    request = await begin_request()

    async def name() -> str:
        return str((await records("SELECT name FROM organisation WHERE id = 1"))[0][0])

    async def rename() -> str:
        await execute("UPDATE organisation SET name = 'renamed' WHERE id = 1")
        return await name()

    with as_fresh_as(request):
        assert await name() == before
        assert await transaction(rename) == "renamed"
        assert await name() == "renamed"  # what it has written itself
    assert await name() == await transaction(name) == "renamed"


async def test_a_request_reads_nothing_older_once_it_has_read_something_itself(
    database: str, nothing_ever_changes: None
) -> None:
    await kept_name()
    request = await begin_request()
    await execute("UPDATE organisation SET name = 'renamed' WHERE id = 1")
    with as_fresh_as(request):
        assert (await records("SELECT name AS fresh FROM organisation WHERE id = 1"))[0][0]
        assert (await records("SELECT name FROM organisation WHERE id = 1"))[0][0] == "renamed"


async def test_what_was_kept_after_a_request_began_is_not_for_it() -> None:
    kept = PostgresQueryCache()
    early, late = kept.begin(), kept.begin()
    for request in (early, late):
        kept.learn(request, "5:5: 1 today")
        kept.keep(request, ("a", ()), [(request.latest,)])
    assert kept.get(late, ("a", ())) is None
    later = kept.begin()
    kept.learn(later, "5:5: 1 today")
    assert kept.get(later, ("a", ())) == [(0,)]


async def test_nothing_is_given_when_no_process_is_known_that_was_there_before() -> None:
    kept = PostgresQueryCache()

    def given(seen: str) -> Any:
        request = kept.begin()
        kept.learn(request, seen)
        rows = kept.get(request, ("a", ()))
        kept.keep(request, ("a", ()), [("row",)])
        return rows

    assert [given("5:5: 1 today") for _ in range(3)] == [None, None, [("row",)]]
    assert [given("5:5: 2 today") for _ in range(3)] == [None, None, [("row",)]]
    assert given("5:5: 1 today") == given("5:5: 2 today") == [("row",)]
    assert given("5:6: 1 today") is None


async def test_the_snapshot_alone_is_asked_for_seldom_while_it_changes_all_the_time() -> None:
    kept = PostgresQueryCache()

    def meet(snapshot: int) -> None:
        kept.learn(kept.begin(), f"{snapshot} 1 today")

    for snapshot in range(100):
        meet(snapshot)
    asked = sum(kept.is_worth_asking() for _ in range(160))
    assert 1 <= asked <= 16
    meet(99)
    assert kept.is_worth_asking()


async def test_a_standby_says_too_little_for_anything_to_be_kept() -> None:
    if not IS_INSTALLED:
        pytest.skip("PostgreSQL's own programs are not installed")
    async with primary_and_replica((free_port(), free_port())) as urls:
        primary, standby = [await asyncpg.connect(url) for url in urls]
        assert await primary.fetchval(f"SELECT {query_cache.SNAPSHOT}")
        assert await standby.fetchval(f"SELECT {query_cache.SNAPSHOT}") is None
        for each in (primary, standby):
            await each.close()


def test_results_have_a_bound_in_number_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "RESULTS", 3)
    monkeypatch.setattr(query_cache, "ROWS", 2)
    results = ResultCache(megabytes=0.005)

    def keep(name: str, *rows: str) -> None:
        for _ in range(2):
            results.offer((name, ()), [(row,) for row in rows])

    def there(*names: str) -> list[bool]:
        return [results.get((name, ())) is not None for name in names]

    results.offer(("once", ()), [])
    keep("many", "1", "2", "3")
    for name in "abc":
        keep(name, name)
    assert there("once", "many", "b", "c", "a") == [False, False, True, True, True]
    keep("d", "d")
    assert there("b", "c", "a", "d") == [False, True, True, True]
    keep("long", "x" * 4_500)
    assert there("c", "a", "long") == [False, False, True]
    keep("too long", "x" * 6_000)
    assert there("too long", "d", "long") == [False, False, False]  # it was the last to go
    results.clear()
    keep("a", "a")
    assert there("a") == [True]


async def test_without_memory_nothing_is_kept_and_nothing_asked_for_it(
    database_url: str, count_statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.Connection(*arguments, **options)
        connection.set_trace_callback(asked.append)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", traced)
        await connect(database_url, kept_megabytes=0)
    asked.clear()
    with count_statements() as statements:
        for _ in range(3):
            async with a_request():
                await records("SELECT name FROM organisation WHERE id = 1")
    assert len(statements) == 6
    assert not [each for each in statements if "pg_current_snapshot" in each]
    assert len(asked) == (0 if is_postgres() else 6), asked
    request = await begin_request()
    keep(request, ("a question", ()), [("answer",)])
    assert await recall(request, ("a question", ())) is None
    await close()
