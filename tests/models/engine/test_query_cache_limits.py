"""What is kept at the limits, and what ends it: values alone, without PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from sys import getsizeof
from typing import Any

import pytest

from models.engine import query_cache
from models.engine.query_cache import (
    HOPELESS,
    PATIENCE,
    PostgresQueryCache,
    ResultCache,
    SqliteQueryCache,
)
from models.read_consistency import Freshness

A, B = ("a", ()), ("b", ())
SEEN = "5:5: 1 today"


class Cells:
    """An SQLite file that one connection writes and another, which keeps results, reads."""

    def __init__(self, path: Path) -> None:
        self.writer = sqlite3.connect(path, isolation_level=None)
        self.writer.execute("CREATE TABLE cell (value INT)")
        self.reader = sqlite3.connect(path, isolation_level=None)
        self.kept = SqliteQueryCache(self.reader, 1.0)
        self.reads = 0

    def read(self) -> list[Any]:
        self.reads += 1
        return self.reader.execute("SELECT COUNT(*) FROM cell").fetchall()

    def write(self) -> None:
        self.writer.execute("INSERT INTO cell VALUES (1)")


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    cells = Cells(tmp_path / "cells.db")
    yield cells
    cells.reader.close()
    cells.writer.close()


def test_sqlite_reads_twice_and_then_no_more_until_somebody_writes(cells: Cells) -> None:
    assert [cells.kept.get(A, cells.read) for _ in range(4)] == [[(0,)]] * 4
    assert cells.reads == 2
    cells.write()
    assert [cells.kept.get(A, cells.read) for _ in range(4)] == [[(1,)]] * 4
    assert cells.reads == 4
    assert not cells.kept.is_worth_asking()


def test_on_sqlite_nothing_is_kept_that_was_made_before_a_write(cells: Cells) -> None:
    def make(between: bool) -> Any:
        request = cells.kept.begin()
        found = cells.kept.recall(request, A)
        if between:
            cells.write()
        cells.kept.keep(request, A, ["made"])
        return found

    assert [make(True) for _ in range(3)] == [None] * 3
    assert [make(False) for _ in range(3)] == [None, None, ["made"]]
    cells.kept.keep(Freshness(), B, ["of no state"])
    cells.kept.keep(Freshness(), B, ["of no state"])
    assert cells.kept.recall(cells.kept.begin(), B) is None


def test_a_result_is_kept_up_to_so_many_rows_and_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_cache, "ROWS", 2)
    results = ResultCache()
    for _ in range(4):
        results.offer(A, [(1,), (2,)])
        results.offer(B, [(1,), (2,), (3,)])
    assert (results.get(A), results.get(B)) == ([(1,), (2,)], None)
    assert results.latest == 1
    assert results.get(A, up_to=1) == [(1,), (2,)]
    assert results.get(A, up_to=0) is None


def test_what_was_asked_once_is_forgotten_when_there_is_too_much_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_cache, "ASKED", 2)
    results = ResultCache()
    for name in "ab":
        results.offer((name, ()), [])
    results.offer(B, [])
    assert results.get(B) == []
    results.offer(("c", ()), [])
    results.offer(A, [])
    assert results.get(A) is None, "that it was asked before is forgotten"
    results.offer(A, [])
    assert results.get(A) == []


def test_the_memory_of_what_was_cleared_is_free_again() -> None:
    results = ResultCache(megabytes=0.001)
    for _ in range(3):
        for _ in range(2):
            results.offer(A, [("x" * 400,)])
        assert results.get(A) is not None
        results.clear()
        assert results.get(A) is None


def test_results_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "RESULTS", 2)
    results = ResultCache()
    for key in (A, B, ("c", ())):
        for _ in range(2):
            results.offer(key, [])
        assert results.get(key) == []
    assert results.get(B) == []
    assert results.get(A) is None


@pytest.mark.parametrize("rows", [[], [(12_345,)], [(12_345,), ("text",), (None,)]])
def test_memory_may_be_filled_and_no_more(rows: list[Any]) -> None:
    """A text counts by its characters, a row as 100 bytes, as does the result, and values by their size."""
    values = sum(getsizeof(value) for row in rows for value in row)
    size = len("query") + getsizeof(7) + 100 * (1 + len(rows)) + values
    for room, is_kept in ((size, True), (size - 1, False)):
        results = ResultCache(megabytes=room / 1_000_000)
        for _ in range(2):
            results.clear()
            for _ in range(2):
                results.offer(("query", (7,)), rows)
            assert (results.get(("query", (7,))) == rows) is is_kept


def test_the_text_and_the_values_of_a_statement_count_as_memory() -> None:
    results = ResultCache(megabytes=0.001)
    for key in (("x" * 2_000, ()), ("a", ("x" * 2_000,))):
        for _ in range(2):
            results.offer(key, [])
        assert results.get(key) is None


def kept_by(kept: PostgresQueryCache, seen: str = SEEN) -> Any:
    """What a request is given that then keeps what it made."""
    request = kept.begin()
    kept.learn(request, seen)
    found = kept.get(request, A)
    kept.keep(request, A, ["made"])
    return found


def test_a_request_that_found_nothing_is_given_nothing_older_afterwards() -> None:
    kept = PostgresQueryCache()
    assert [kept_by(kept) for _ in range(3)] == [None, None, ["made"]]
    request = kept.begin()
    kept.learn(request, SEEN)
    assert kept.get(request, A) == ["made"]
    assert not request.has_moved_on
    assert kept.get(request, B) is None
    assert request.has_moved_on
    assert kept.get(request, A) is None


def test_a_request_without_a_state_keeps_and_is_given_nothing() -> None:
    kept = PostgresQueryCache()
    request = kept.begin()
    for _ in range(3):
        kept.keep(request, A, ["made"])
    assert kept.recall(request, A) is None
    assert [kept_by(kept) for _ in range(3)] == [None, None, ["made"]]
    assert kept.recall(kept.begin(), A) is None


def test_a_process_that_was_forgotten_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "PROCESSES", 2)
    kept = PostgresQueryCache()
    assert [kept_by(kept) for _ in range(3)] == [None, None, ["made"]]
    assert kept_by(kept, "5:5: 2 today") is None
    assert [kept_by(kept) for _ in range(2)] == [None, ["made"]]
    kept_by(kept, "5:5: 3 today")
    assert [kept_by(kept) for _ in range(3)] == [None, None, ["made"]], "all were forgotten"


def test_a_snapshot_is_asked_for_alone_until_it_has_changed_so_often_in_a_row() -> None:
    kept = PostgresQueryCache()
    for change in range(HOPELESS):
        assert [kept.is_worth_asking() for _ in range(PATIENCE)] == [True] * PATIENCE
        kept.learn(kept.begin(), f"{change} 1 today")
    asked = [kept.is_worth_asking() for _ in range(2 * PATIENCE)]
    assert asked == [*[False] * (PATIENCE - 1), True] * 2
    kept.learn(kept.begin(), f"{HOPELESS - 1} 1 today")
    for change in range(HOPELESS - 1):
        kept.learn(kept.begin(), f"new {change} 1 today")
        assert kept.is_worth_asking()
