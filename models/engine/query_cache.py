"""Results of statements, kept for as long as nothing at all is written to the database, so never stale.

SQLite counts, for each connection, the commits of all others, in this process and in any other. Asking
for the count (3 µs) before a kept result is given is as good as reading the rows again.
Source: https://www.sqlite.org/pragma.html#pragma_data_version

PostgreSQL is asked for its snapshot by the first statement of a request. A snapshot names the transactions
under way, of all that have begun to write in any database of the server. Two read the same only if none of
these has ended between them: one that ends is named before, or lies beyond the snapshot's end, and never
again. So the same snapshot means the same rows, and that no commit was answered in between.
Source: GetSnapshotDataReuse in src/backend/storage/ipc/procarray.c, by which snapshots are shared.

A server that crashes may forget transactions and use their numbers again. All its processes end with it:
what was kept is given while a process goes on that had been met before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import chain
from sys import getsizeof
from typing import Any

from models.read_consistency import Freshness, State

RESULTS = 4_096
ROWS = 2_000  # of one result; longer ones are not kept
KEPT_MEGABYTES = 32.0  # of all results, unless the settings say otherwise
ASKED = 16_384  # statements that are known to have been asked
PROCESSES = 1_000
HOPELESS = 8  # changes of the snapshot in a row, after which
PATIENCE = 16  # one request in so many asks for it alone

# A standby's snapshots do not name transactions one by one.
SNAPSHOT = (
    "CASE WHEN pg_is_in_recovery() THEN NULL ELSE"
    " concat_ws(' ', pg_current_snapshot(), pg_backend_pid(), pg_postmaster_start_time()) END"
)

Key = tuple[str, Sequence[Any]]


class KeptResults:
    """What was read of one state of the database, the least used going first.

    A result is kept when it is asked for a second time, so that one that is asked once costs nothing.
    Each has a number, higher than those that were kept before it.
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
        """The rows, unless their number is beyond `up_to`."""
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


class KeptOfSqlite:
    """`connection` is one that never writes."""

    snapshot = "NULL"

    def __init__(self, connection: sqlite3.Connection, megabytes: float) -> None:
        self._connection = connection
        self._version: int | None = None
        self._results = KeptResults(megabytes)

    def get(self, key: Key, read: Callable[[], list[Any]]) -> Sequence[Any]:
        """The rows as they are now, read unless nothing has been committed since they were."""
        self._look()
        rows = self._results.get(key)
        if rows is None:
            rows = read()
            self._results.offer(key, rows)
        return rows

    def begin(self) -> Freshness:
        return Freshness()

    def learn(self, freshness: Freshness, seen: str) -> None:
        """Nothing: SQLite says at each statement whether anything has been written."""

    def is_worth_asking(self) -> bool:
        """Nothing need be asked."""
        return False

    def recall(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """What was made of the database as it is now, whose state the request notes."""
        freshness.state = (self._look(), "")
        return self._results.get(key)

    def keep(self, freshness: Freshness, key: Key, made: Sequence[Any]) -> None:
        """What was made of all that was read since `recall`."""
        if freshness.state == (self._look(), ""):
            self._results.offer(key, made)

    def _look(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._results.clear()
            self._version = version
        return version


class KeptOfPostgres:
    """Results of the state that was met last. `snapshot` is the SQL of a column, for `learn`."""

    snapshot = SNAPSHOT

    def __init__(self, megabytes: float = KEPT_MEGABYTES) -> None:
        self._results = KeptResults(megabytes)
        self._state: State = (0, "")
        self._processes: set[str] = set()
        self._changes = 0  # in a row, as far as requests have met them
        self._passed = 0

    def begin(self) -> Freshness:
        """For a request that has sent no statement: what is kept after that may be of a later state."""
        return Freshness(self._results.latest)

    def learn(self, freshness: Freshness, seen: str) -> None:
        """Take in what a statement of the request has answered as `SNAPSHOT`."""
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
        """Whether to ask for the snapshot alone: seldom, where it has changed each time lately."""
        if self._changes < HOPELESS:
            return True
        self._passed += 1
        return self._passed % PATIENCE == 0

    def get(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """The rows; where there are none, the request moves on to read them itself."""
        if not freshness.has_moved_on:
            rows = self.recall(freshness, key)
            if rows is not None:
                return rows
        freshness.has_moved_on = True
        return None

    def recall(self, freshness: Freshness, key: Key) -> Sequence[Any] | None:
        """The same for a request that has read nothing yet."""
        if freshness.state == self._state:
            return self._results.get(key, freshness.latest)
        return None

    def keep(self, freshness: Freshness, key: Key, rows: Sequence[Any]) -> None:
        """Rows that were read, or made of what was read, after the request had met its state."""
        if freshness.state == self._state:
            self._results.offer(key, rows)
