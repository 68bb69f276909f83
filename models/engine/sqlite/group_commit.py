"""Group commit on SQLite: transactions that wait for the one writer share its commit, at full durability.

    BEGIN IMMEDIATE │ SAVEPOINT a … RELEASE │ SAVEPOINT b … ROLLBACK TO │ SAVEPOINT c … RELEASE │ COMMIT

Members run one after another, each in its own savepoint, and are acknowledged only when the shared commit
is on disk. A member that fails rolls back its own savepoint and no other. Other connections see the whole
group or nothing of it; a member sees the members before it, as it would without a group.

Statements that take microseconds run in the event loop's thread. Waiting, rolling back and disk access run
in the connection's own thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from tortoise.backends.sqlite.client import SqliteClient

MOST_MEMBERS = 64
# A finished member waits for those that join later, so none joins once the group is this old.
LONGEST_SECONDS = 0.01


class TransactionLost(Exception):
    """The transaction was rolled back together with its group, without its own fault; it may be retried."""


class _Member:
    """One transaction: `begins` is its start, `ended` whether its work succeeded, `settled` its outcome."""

    __slots__ = ("begins", "ended", "settled")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begins: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self.settled: asyncio.Future[None] = loop.create_future()

    @property
    def has_begun(self) -> bool:
        begins = self.begins
        return begins.done() and not begins.cancelled() and begins.exception() is None

    def fail(self, error: BaseException) -> None:
        _resolve(self.settled if self.has_begun else self.begins, error)


class _Writer:
    """The queue of transactions of one connection, and the task that runs them in groups."""

    def __init__(self, client: SqliteClient) -> None:
        self._client = client
        self._waiting: deque[_Member] = deque()
        self._leader: asyncio.Task[None] | None = None

    def join(self) -> _Member:
        member = _Member()
        self._waiting.append(member)
        if self._leader is None:
            self._leader = asyncio.create_task(self._lead())
        return member

    async def _lead(self) -> None:
        try:
            while self._waiting:
                async with self._client._lock:
                    await self._group()
        finally:
            self._leader = None

    async def _group(self) -> None:
        connection: Any = self._client._connection
        raw: sqlite3.Connection = connection._conn
        group: list[_Member] = []
        until, committing = float("inf"), False
        try:
            while (member := self._next(len(group), until)) is not None:
                group.append(member)
                if not raw.in_transaction:
                    await _begin(connection)
                raw.execute("SAVEPOINT member")
                until = min(until, time.monotonic() + LONGEST_SECONDS)
                _resolve(member.begins)
                if await member.ended:
                    raw.execute("RELEASE member")
                else:
                    await visit(connection, ["ROLLBACK TO member", "RELEASE member"])
                    _resolve(group.pop().settled)
            committing = True
            if group or raw.in_transaction:
                await visit(connection, ["COMMIT"])
        except BaseException as error:
            await visit(connection, ["ROLLBACK"] if raw.in_transaction else [])
            for member in group:
                member.fail(error if committing or len(group) == 1 else TransactionLost(str(error)))
            if not isinstance(error, Exception):
                raise
        for member in group:
            _resolve(member.settled)

    def _next(self, members: int, until: float) -> _Member | None:
        """Return the next member of the group; None when the group should commit."""
        while self._waiting and members < MOST_MEMBERS and time.monotonic() < until:
            member = self._waiting.popleft()
            if not member.begins.cancelled():
                return member
        return None


_writers: WeakKeyDictionary[SqliteClient, _Writer] = WeakKeyDictionary()


@asynccontextmanager
async def grouped_transaction(client: SqliteClient) -> AsyncIterator[None]:
    """Write in this context: on exit the writes are on disk; an exception rolls them back.

    Raises: TransactionLost, sqlite3.OperationalError when the database is locked by others or cannot write.
    """
    writer = _writers.get(client) or _writers.setdefault(client, _Writer(client))
    member = writer.join()
    try:
        await member.begins
        yield
    except BaseException:
        _resolve(member.ended, value=False)
        if member.has_begun:
            await asyncio.wait([member.settled])
            # A full disk has rolled back the whole group; retrieve the error, which is being raised already.
            if not member.settled.cancelled():
                member.settled.exception()
        raise
    _resolve(member.ended, value=True)
    await member.settled


async def _begin(connection: Any) -> None:
    """Begin to write: at once if no other process writes, else in the connection's thread, which may wait."""
    raw: sqlite3.Connection = connection._conn
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        waits = True
    else:
        waits = False
    raw.execute(f"PRAGMA busy_timeout = {patience}")
    if waits:
        await visit(connection, ["BEGIN IMMEDIATE"])


async def visit(connection: Any, steps: list[str]) -> None:
    """Run statements in one visit to the connection's thread."""
    await connection._execute(_run, connection._conn, steps)


def _run(connection: sqlite3.Connection, steps: list[str]) -> None:
    for step in steps:
        connection.execute(step)


def _resolve(
    future: asyncio.Future[Any], error: BaseException | None = None, value: Any = None
) -> None:
    """Set the future's result or exception, unless its waiter has been cancelled."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
