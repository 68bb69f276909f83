"""A cache of statement results that is valid only while nothing is written to the database, so never stale.

SQLite counts, for each connection, the commits of all other connections, in this and every other process.
Reading that count (3 µs) before a cached result is returned is equivalent to reading the rows again.
Source: https://www.sqlite.org/pragma.html#pragma_data_version

PostgreSQL returns its snapshot with the first statement of a request. A snapshot names the transactions in
progress, out of all transactions that have begun to write in any database of the server. Two snapshots are
equal only if none of these transactions has ended in between: a transaction that ends is either named in
the first snapshot or lies beyond its end, and its number is never used again. So equal snapshots mean equal
rows, and no commit was acknowledged in between.
Source: GetSnapshotDataReuse in src/backend/storage/ipc/procarray.c, by which snapshots are shared.

Cached results are served only while a server process seen before is still running, because a crash may
reuse transaction IDs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import chain
from sys import getsizeof
from typing import Any

from models.read_consistency import Freshness, State

RESULTS = 4_096
ROWS = 2_000  # longer results are not cached
KEPT_MEGABYTES = 32.0  # default size of the cache
ASKED = 16_384  # statements remembered as executed once
PROCESSES = 1_000
HOPELESS = 8  # after this many consecutive changes of the snapshot,
PATIENCE = 16  # only one request in this many asks for the snapshot alone

# A standby's snapshots do not list transactions individually.
SNAPSHOT = (
    "CASE WHEN pg_is_in_recovery() THEN NULL ELSE"
    " concat_ws(' ', pg_current_snapshot(), pg_backend_pid(), pg_postmaster_start_time()) END"
)

Key = tuple[str, Sequence[Any]]


class ResultCache:
    """A least-recently-used cache of results for one state of the database.

    A result is cached when it is read for the second time, so that a single read costs nothing. Each result
    has a number, higher than those cached before it.
    """

    def __init__(self, megabytes: float = KEPT_MEGABYTES) -> None:
        self._most_bytes = megabytes * 1_000_000
        self._results: dict[Key, tuple[int, int, Sequence[Any]]] = {}  # number, bytes, rows
        self._asked: set[int] = set()
        self._bytes = 0
        self.latest = 0

    def clear(self) -> None:
        if self._asked:
            self._results.clear()
            self._asked.clear()
            self._bytes = 0

    def get(self, key: Key, up_to: int | None = None) -> Sequence[Any] | None:
        """Return the rows, or None if there are none or their number exceeds `up_to`."""
        found = self._results.get(key)
        if found is None or (up_to is not None and found[0] > up_to):
            return None
        self._results[key] = self._results.pop(key)
        return found[2]

    def offer(self, key: Key, rows: Sequence[Any]) -> None:
        asked = hash(key)
        if asked not in self._asked:
            if len(self._asked) >= ASKED:
                self._asked.clear()
            self._asked.add(asked)
        elif key not in self._results and len(rows) <= ROWS:
            self._keep(key, rows)

    def _keep(self, key: Key, rows: Sequence[Any]) -> None:
        values = chain(key[1], chain.from_iterable(rows))
        size = len(key[0]) + 100 * (1 + len(rows)) + sum(map(getsizeof, values))
        self._bytes += size
        self.latest += 1
        self._results[key] = (self.latest, size, rows)
        while len(self._results) > RESULTS or self._bytes > self._most_bytes:
            _, size, _ = self._results.pop(next(iter(self._results)))
            self._bytes -= size


class SqliteQueryCache:
    """The cache for SQLite; `connection` never writes."""

    snapshot = "NULL"

    def __init__(self, connection: sqlite3.Connection, megabytes: float) -> None:
        self._connection = connection
        self._version: int | None = None
        self._results = ResultCache(megabytes)

    def get(self, key: Key, read: Callable[[], list[Any]]) -> Sequence[Any]:
        """Return the current rows, from the cache if nothing has been committed since they were read."""
        self._look()
        rows = self._results.get(key)
        if rows is None:
            rows = read()
            self._results.offer(key, rows)
        return rows

    def begin(self) -> Freshness:
        return Freshness()

    def learn(self, freshness: Freshness, seen: str) -> None:
        """Do nothing: SQLite reports with each statement whether anything has been written."""

    def is_worth_asking(self) -> bool:
        """Return False: no snapshot is needed."""
        return False

    def recall(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """Return the cached result for the current state, and record that state for the request."""
        freshness.state = (self._look(), "")
        return self._results.get(key)

    def keep(self, freshness: Freshness, key: Key, made: Sequence[Any]) -> None:
        """Cache a result computed from everything that was read since `recall`."""
        if freshness.state == (self._look(), ""):
            self._results.offer(key, made)

    def _look(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._results.clear()
            self._version = version
        return version


class PostgresQueryCache:
    """The cache for PostgreSQL, of the latest state. `snapshot` is the SQL column for `learn`."""

    snapshot = SNAPSHOT

    def __init__(self, megabytes: float = KEPT_MEGABYTES) -> None:
        self._results = ResultCache(megabytes)
        self._state: State = (0, "")
        self._processes: set[str] = set()
        self._changes = 0  # consecutive changes that requests have seen
        self._passed = 0

    def begin(self) -> Freshness:
        """Return the freshness of a new request: results cached after this may belong to a later state."""
        return Freshness(self._results.latest)

    def learn(self, freshness: Freshness, seen: str) -> None:
        """Record the `SNAPSHOT` value that a statement of the request returned."""
        snapshot, _, process = seen.partition(" ")
        met = self._state[0]
        if process not in self._processes:
            if len(self._processes) >= PROCESSES:
                self._processes.clear()
            self._processes.add(process)
            met += 1
        freshness.state = (met, snapshot)
        if freshness.state == self._state:
            self._changes = 0
        else:
            self._changes += 1
            self._results.clear()
            self._state = freshness.state

    def is_worth_asking(self) -> bool:
        """Return whether to ask for the snapshot alone: rarely, if it has changed every time lately."""
        if self._changes < HOPELESS:
            return True
        self._passed += 1
        return self._passed % PATIENCE == 0

    def get(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """Return the rows; without a cached result, mark the request as reading by itself and return None."""
        if not freshness.has_moved_on:
            rows = self.recall(freshness, key)
            if rows is not None:
                return rows
        freshness.has_moved_on = True
        return None

    def recall(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """Return the cached result for a request that has read nothing yet, or None."""
        if freshness.state == self._state:
            return self._results.get(key, freshness.latest)
        return None

    def keep(self, freshness: Freshness, key: Key, rows: Sequence[Any]) -> None:
        """Cache rows that were read or computed after the request learned its state."""
        if freshness.state == self._state:
            self._results.offer(key, rows)
