"""Results of statements that are kept for as long as nothing at all is written to a SQLite database.

SQLite counts, for each connection, the commits of all others, in this process and in any other. Asking
for the count (3 µs) before a kept result is given is as good as reading the rows again.
Source: https://www.sqlite.org/pragma.html#pragma_data_version
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

RESULTS = 512
ROWS = 2_000  # of one result; longer ones are not kept

Key = tuple[str, Sequence[Any]]


class KeptResults:
    """`connection` is one that never writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version: int | None = None
        self._results: dict[Key, list[Any]] = {}

    def get(self, key: Key, read: Callable[[], list[Any]]) -> list[Any]:
        """The rows as they are now, read unless nothing has been committed since they were."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version or len(self._results) >= RESULTS:
            self._results.clear()
            self._version = version
        rows = self._results.get(key)
        if rows is None:
            rows = read()
            if len(rows) <= ROWS:
                self._results[key] = rows
        return rows
