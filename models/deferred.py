"""Writes that nobody reads before the commit: kept back, then sent to the database in one trip.

PostgreSQL gets them as one statement, a WITH of all of them; SQLite one after another in one visit to its
thread. A statement that names a table with a write kept back sends them all first, so no reader can tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson


@dataclass(slots=True)
class NewRows:
    """Rows for a table; a dict or list in one becomes JSON."""

    table: str
    columns: tuple[str, ...]
    rows: list[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """A plain SQL statement that changes rows of `table`, its parameters `?`."""

    table: str
    query: str
    values: Sequence[Any]


Write = NewRows | Change


@dataclass(slots=True)
class Deferred:
    """The writes of one transaction that are still kept back: one for each table, oldest first."""

    _writes: dict[str, Write] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._writes)

    def concern(self, query: str) -> bool:
        return any(table in query for table in self._writes)

    def keep(self, write: Write) -> bool:
        """Keep a write back; False where its table has another one, with which it cannot share a trip."""
        before = self._writes.setdefault(write.table, write)
        if before is write:
            return True
        if isinstance(before, Change) or isinstance(write, Change):
            return False
        if before.columns != write.columns:
            return False
        before.rows.extend(write.rows)
        return True

    def take(self) -> list[Write]:
        writes = list(self._writes.values())
        self._writes.clear()
        return writes


def as_one_statement(writes: Sequence[Write]) -> tuple[str, list[Any]]:
    """All of them for PostgreSQL, where rows travel as one JSON document a table."""
    queries: list[str] = []
    values: list[Any] = []
    for write in writes:
        if isinstance(write, Change):
            queries.append(write.query)
            values.extend(write.values)
        else:
            queries.append(_from_json(write.table, write.columns))
            values.append(_json(write))
    return _joined(tuple(queries)), values


def run(connection: sqlite3.Connection, writes: Iterable[Write]) -> None:
    """All of them, one after another, in the thread that owns the connection."""
    for write in writes:
        if isinstance(write, Change):
            connection.execute(write.query, write.values)
        else:
            rows = [[_plain(value) for value in row] for row in write.rows]
            connection.executemany(_insert(write.table, write.columns), rows)


def _json(write: NewRows) -> str:
    rows = [dict(zip(write.columns, row, strict=True)) for row in write.rows]
    return orjson.dumps(rows).decode()


def _plain(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


@lru_cache(maxsize=256)
def _from_json(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(columns)
    source = f"json_populate_recordset(NULL::{table}, CAST(CAST(? AS TEXT) AS JSON))"
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {source}"


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@lru_cache(maxsize=256)
def _joined(queries: tuple[str, ...]) -> str:
    if len(queries) == 1:
        return queries[0]
    parts = ", ".join(f"write_{number} AS ({query})" for number, query in enumerate(queries))
    return f"WITH {parts} SELECT 1"
