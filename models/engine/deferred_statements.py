"""Writes that nothing reads before the commit, deferred and sent to the database in one round trip.

PostgreSQL gets them as one statement, a WITH of all of them. SQLite runs them one by one in a single visit
to its thread. A statement that names a table with a deferred write sends all of them first, so reads always
see them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson


class Outdated(Exception):
    """A value read before the transaction began has changed; the transaction is rolled back."""


@dataclass(slots=True, eq=False)
class Rows:
    """Rows of one table; a dict or list in a row becomes JSON."""

    table: str
    columns: tuple[str, ...]
    rows: list[Sequence[Any]]

    def can_merge(self, other: Write) -> bool:
        """Return whether the rows of `other` can join these."""
        return type(other) is type(self) and other.columns == self.columns


class NewRows(Rows):
    """Rows to insert."""


class MissingRows(Rows):
    """Rows to insert unless any of the table's keys exists already."""


class ChangedRows(Rows):
    """New values of locked rows, the ID first."""


@dataclass(frozen=True, slots=True)
class Change:
    """A plain SQL statement with `?` parameters; `count` is the required number of changed rows."""

    table: str
    query: str
    values: Sequence[Any]
    count: int | None = None


Write = Rows | Change


_SOURCE = "json_populate_recordset(NULL::{}, CAST(CAST(? AS TEXT) AS JSON))"
_JSON = (dict, list)
_UNLESS_THERE = " ON CONFLICT DO NOTHING"


@dataclass(slots=True)
class Deferred:
    """The deferred writes of one transaction: one for each table, oldest first."""

    _writes: dict[str, Write] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._writes)

    def concerns(self, query: str) -> bool:
        return any(table in query for table in self._writes)

    def add(self, write: Write) -> bool:
        """Defer a write; return False if it cannot join the deferred write of its table."""
        before = self._writes.setdefault(write.table, write)
        if before is write:
            return True
        if isinstance(before, Change) or isinstance(write, Change) or not before.can_merge(write):
            return False
        before.rows.extend(write.rows)
        return True

    def drain(self) -> list[Write]:
        writes = list(self._writes.values())
        self._writes.clear()
        return writes


def as_one_statement(writes: Sequence[Write]) -> tuple[str, list[Any]]:
    """Return one PostgreSQL statement and its values; the rows of a table are one JSON document.

    The statement returns one row: the number of changed rows for each entry of `counts`.
    """
    queries: list[str] = []
    counted: list[int] = []
    values: list[Any] = []
    for number, write in enumerate(writes):
        if isinstance(write, Change):
            queries.append(write.query if write.count is None else f"{write.query} RETURNING 1")
            values.extend(write.values)
            if write.count is not None:
                counted.append(number)
        else:
            queries.append(_from_json(write))
            values.append(_json(write))
            if isinstance(write, ChangedRows) and len(write.rows) > 1:
                values.append(len(write.rows))
    return _joined(tuple(queries), tuple(counted)), values


def counts(writes: Iterable[Write]) -> list[int]:
    """Return the required number of changed rows of the writes that have one."""
    return [
        write.count for write in writes if isinstance(write, Change) and write.count is not None
    ]


def run(connection: sqlite3.Connection, writes: Iterable[Write]) -> None:
    """Run the writes one by one, in the thread that owns the connection. Raises: Outdated."""
    for write in writes:
        if isinstance(write, Change):
            changed = connection.execute(write.query, write.values).rowcount
            if write.count not in (None, changed):
                raise Outdated(f"{changed} rows instead of {write.count}: {write.query}")
            continue
        rows = [
            [orjson.dumps(value).decode() if type(value) in _JSON else value for value in row]
            for row in write.rows
        ]
        if isinstance(write, ChangedRows):
            ids_last = [[*values, row_id] for row_id, *values in rows]
            connection.executemany(_update(write.table, write.columns), ids_last)
        else:
            statement = _insert(write.table, write.columns, isinstance(write, MissingRows))
            connection.executemany(statement, rows)


def _json(write: Rows) -> str:
    rows = [dict(zip(write.columns, row, strict=True)) for row in write.rows]
    return orjson.dumps(rows).decode()


def _from_json(write: Rows) -> str:
    if isinstance(write, ChangedRows):
        return _update_from_json(write.table, write.columns, len(write.rows) == 1)
    return _insert_from_json(write.table, write.columns, isinstance(write, MissingRows))


@lru_cache(maxsize=256)
def _insert_from_json(table: str, columns: tuple[str, ...], missing_only: bool) -> str:
    names = ", ".join(columns)
    insert = f"INSERT INTO {table} ({names}) SELECT {names} FROM {_SOURCE.format(table)}"
    return insert + _UNLESS_THERE if missing_only else insert


@lru_cache(maxsize=256)
def _update_from_json(table: str, columns: tuple[str, ...], single: bool) -> str:
    changes = ", ".join(f"{column} = given.{column}" for column in columns[1:])
    # Without a limit the planner expects a hundred rows and scans the whole table for them. It estimates ten
    # rows for a limit that is a parameter.
    given = f"(SELECT * FROM {_SOURCE.format(table)} LIMIT {'1' if single else '?'}) AS given"
    return f"UPDATE {table} SET {changes} FROM {given} WHERE {table}.id = given.id"


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...], missing_only: bool) -> str:
    values = ", ".join("?" * len(columns))
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
    return insert + _UNLESS_THERE if missing_only else insert


@lru_cache(maxsize=256)
def _update(table: str, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{column} = ?" for column in columns[1:])
    return f"UPDATE {table} SET {changes} WHERE id = ?"


@lru_cache(maxsize=256)
def _joined(queries: tuple[str, ...], counted: tuple[int, ...]) -> str:
    if len(queries) == 1 and not counted:
        return queries[0]
    named_queries = ", ".join(
        f"write_{number} AS ({query})" for number, query in enumerate(queries)
    )
    answer = ", ".join(f"(SELECT COUNT(*) FROM write_{number})" for number in counted)
    return f"WITH {named_queries} SELECT {answer or 1}"
