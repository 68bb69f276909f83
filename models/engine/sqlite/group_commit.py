"""Group commit on SQLite: transactions that wait for the one writer share its commit, at full durability.

    BEGIN IMMEDIATE │ SAVEPOINT a … RELEASE │ SAVEPOINT b … ROLLBACK TO │ SAVEPOINT c … RELEASE │ COMMIT

Members run one after another, each in a savepoint of its own, and are answered only once the commit that they
share is on the disk. One that fails undoes its own savepoint and nobody else's. Whoever reads from another
connection sees the whole group or nothing of it; a member sees those before it, as it would have anyway.

What takes microseconds runs in the thread of the event loop; waiting, undoing and the disk are left to the
connection's own.
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
# A member that has ended waits for those let in after it, so nobody is let in once the group is this old.
LONGEST_SECONDS = 0.01


class TransactionLost(Exception):
    """Undone through no fault of its own, together with the group it was in; it may be run again."""


class _Member:
    """One transaction. `begins` is its turn, `ended` whether its work succeeded, `settled` its end."""

    __slots__ = ("begins", "ended", "settled")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begins: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self.settled: asyncio.Future[None] = loop.create_future()

    @property
    def had_its_turn(self) -> bool:
        begins = self.begins
        return begins.done() and not begins.cancelled() and begins.exception() is None

    def fail(self, error: BaseException) -> None:
        _resolve(self.settled if self.had_its_turn else self.begins, error)


class _Writer:
    """The queue of transactions for one connection, and the task that leads them through groups."""

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
        near: sqlite3.Connection = connection._conn
        group: list[_Member] = []
        until, committing = float("inf"), False
        try:
            while (member := self._next(len(group), until)) is not None:
                group.append(member)
                if not near.in_transaction:
                    await _begin(connection)
                near.execute("SAVEPOINT member")
                until = min(until, time.monotonic() + LONGEST_SECONDS)
                _resolve(member.begins)
                if await member.ended:
                    near.execute("RELEASE member")
                else:
                    await visit(connection, ["ROLLBACK TO member", "RELEASE member"])
                    _resolve(group.pop().settled)
            committing = True
            if group or near.in_transaction:
                await visit(connection, ["COMMIT"])
        except BaseException as error:
            await visit(connection, ["ROLLBACK"] if near.in_transaction else [])
            for member in group:
                member.fail(error if committing or len(group) == 1 else TransactionLost(str(error)))
            if not isinstance(error, Exception):
                raise
        for member in group:
            _resolve(member.settled)

    def _next(self, members: int, until: float) -> _Member | None:
        """Whoever is let into the group next; None once it should commit."""
        while self._waiting and members < MOST_MEMBERS and time.monotonic() < until:
            member = self._waiting.popleft()
            if not member.begins.cancelled():
                return member
        return None


_writers: WeakKeyDictionary[SqliteClient, _Writer] = WeakKeyDictionary()


@asynccontextmanager
async def turn(client: SqliteClient) -> AsyncIterator[None]:
    """A turn at writing: what is written in it is on the disk when it has ended, or undone by an exception.

    Raises: TransactionLost, sqlite3.OperationalError when the database is locked by others or cannot write.
    """
    writer = _writers.get(client) or _writers.setdefault(client, _Writer(client))
    member = writer.join()
    try:
        await member.begins
        yield
    except BaseException:
        _resolve(member.ended, value=False)
        if member.had_its_turn:
            await asyncio.wait([member.settled])
            # A full disk has undone the whole group, and the savepoint with it: that is known already.
            if not member.settled.cancelled():
                member.settled.exception()
        raise
    _resolve(member.ended, value=True)
    await member.settled


async def _begin(connection: Any) -> None:
    """Begin to write: at once where nobody else writes, else in the connection's thread, which may wait."""
    near: sqlite3.Connection = connection._conn
    (patience,) = near.execute("PRAGMA busy_timeout").fetchone()
    near.execute("PRAGMA busy_timeout = 0")
    try:
        near.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        waits = True
    else:
        waits = False
    near.execute(f"PRAGMA busy_timeout = {patience}")
    if waits:
        await visit(connection, ["BEGIN IMMEDIATE"])


async def visit(connection: Any, steps: list[str]) -> None:
    """Run some statements in one visit to the thread of the connection."""
    await connection._execute(_run, connection._conn, steps)


def _run(connection: sqlite3.Connection, steps: list[str]) -> None:
    for step in steps:
        connection.execute(step)


def _resolve(
    future: asyncio.Future[Any], error: BaseException | None = None, value: Any = None
) -> None:
    """Unless whoever waited has been cancelled."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
