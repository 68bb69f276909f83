"""The connection of one transaction on either database, with its deferred writes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.asyncpg.client import translate_exceptions as postgres_exceptions
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.backends.sqlite.client import translate_exceptions as sqlite_exceptions
from tortoise.exceptions import OperationalError

from models.engine.deferred_statements import (
    Deferred,
    Outdated,
    Write,
    as_one_statement,
    counts,
    run,
)
from models.engine.long_lists import folded
from models.engine.postgres.pooled_connections import PooledConnections
from models.engine.sqlite.group_commit import TransactionLost, grouped_transaction

__all__ = [
    "InTransaction",
    "TransactionLost",
    "is_transient",
    "numbered",
    "open_transaction",
    "release_idle",
    "run_single",
]

_pools: WeakKeyDictionary[BaseDBAsyncClient, PooledConnections] = WeakKeyDictionary()


class InTransaction(BaseDBAsyncClient):
    """A connection that sends the deferred writes before a statement that names one of their tables."""

    deferred: Deferred

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        await self._ready_for(query)
        return await super().execute_insert(query, values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._ready_for(query)
        await super().execute_many(query, values)

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        await self._ready_for(query)
        query, given = folded(query, values or [])
        return await super().execute_query(query, list(given))

    async def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> list[dict[str, Any]]:
        await self._ready_for(query)
        query, given = folded(query, values or [])
        return await super().execute_query_dict(query, list(given))

    async def defer(self, write: Write) -> None:
        if not self.deferred.add(write):
            await self.flush()
            self.deferred.add(write)

    async def flush(self) -> None:
        """Send the deferred writes."""
        if self.deferred:
            await self.send(self.deferred.drain())

    async def send(self, writes: list[Write]) -> None:
        raise TypeError("only a transaction of either database sends anything")

    async def _ready_for(self, query: str) -> None:
        if self.deferred and self.deferred.concerns(query):
            await self.flush()


class _Postgres(InTransaction, TransactionWrapper):  # type: ignore[misc]
    def __init__(self, client: AsyncpgDBClient, raw: Any) -> None:
        super().__init__(client)
        self._connection = raw
        self.deferred = Deferred()

    @postgres_exceptions
    async def send(self, writes: list[Write]) -> None:
        query, values = as_one_statement(writes)
        async with self.acquire_connection() as connection:
            self.log.debug("%s: %s", query, values)
            changed = await connection.fetchrow(numbered(query), *values)
        if (wanted := counts(writes)) and list(changed) != wanted:
            raise Outdated(f"{list(changed)} rows instead of {wanted}: {query}")


class _Sqlite(InTransaction, SqliteTransactionWrapper):
    def __init__(self, client: SqliteClient) -> None:
        super().__init__(client)
        self.deferred = Deferred()

    @sqlite_exceptions
    async def send(self, writes: list[Write]) -> None:
        async with self.acquire_connection() as connection:
            self.log.debug("%s: %s", [write.table for write in writes], writes)
            await connection._execute(run, connection._conn, writes)


class _BriefSqlite(_Sqlite):
    """Runs its statements in the event loop's thread; nothing else can use the connection meanwhile."""

    @sqlite_exceptions
    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        await self._ready_for(query)
        connection: Any = self._connection._conn
        query, given = folded(query, values or ())
        self.log.debug("%s: %s", query, given)
        before = connection.total_changes
        rows = connection.execute(query, given).fetchall()
        return connection.total_changes - before or len(rows), rows

    @sqlite_exceptions
    async def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> list[dict[str, Any]]:
        return list(map(dict, (await self.execute_query(query, values))[1]))

    @sqlite_exceptions
    async def send(self, writes: list[Write]) -> None:
        self.log.debug("%s: %s", [write.table for write in writes], writes)
        run(self._connection._conn, writes)


def open_transaction(
    client: BaseDBAsyncClient, *, brief: bool
) -> AbstractAsyncContextManager[InTransaction]:
    """Return a transaction that commits on exit and is rolled back by any exception.

    A `brief` one has few statements that take microseconds each.
    """
    if isinstance(client, AsyncpgDBClient):
        return _postgres(client)
    assert isinstance(client, SqliteClient)  # noqa: S101 - the settings allow no other
    return _sqlite(client, _BriefSqlite if brief else _Sqlite)


async def run_single(client: AsyncpgDBClient, query: str, values: Sequence[Any]) -> Sequence[Any]:
    """Run one PostgreSQL statement, which is a transaction by itself, and return its rows."""
    query, values = folded(query, values)
    async with _connection(client) as raw:
        client.log.debug("%s: %s", query, values)
        return await _rows_of(raw, query, *values)


async def _rows_of(raw: Any, query: str, *values: Any) -> Sequence[Any]:
    found: Sequence[Any] = await raw.fetch(query, *values)
    return found


async def release_idle(client: BaseDBAsyncClient) -> None:
    """Return the idle connections to the pool, so that the client can be closed."""
    if (connections := _pools.pop(client, None)) is not None:
        await connections.close()


@asynccontextmanager
async def _postgres(client: AsyncpgDBClient) -> AsyncIterator[InTransaction]:
    async with _connection(client) as raw, raw.transaction():
        yield _Postgres(client, raw)


@asynccontextmanager
async def _connection(client: AsyncpgDBClient) -> AsyncIterator[Any]:
    assert client._pool  # noqa: S101 - it has been opened
    connections = _pools.get(client) or _pools.setdefault(client, PooledConnections(client._pool))
    raw = await connections.acquire()
    try:
        yield raw
    except Exception:
        await connections.release(raw)
        raise
    except BaseException:  # cancelled: the pool may still be cancelling the statement
        await connections.return_to_pool(raw)
        raise
    await connections.release(raw)


@asynccontextmanager
async def _sqlite(client: SqliteClient, kind: type[_Sqlite]) -> AsyncIterator[InTransaction]:
    async with grouped_transaction(client):
        yield kind(client)


def is_transient(error: Exception) -> bool:
    """Return whether an immediate retry of the same work may succeed."""
    if isinstance(
        error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError | TransactionLost
    ):
        return True
    locked = isinstance(error, OperationalError | sqlite3.OperationalError)
    return locked and "locked" in str(error)


@lru_cache(maxsize=2048)
def numbered(query: str) -> str:
    """Return the statement in PostgreSQL's syntax, with numbers in place of `?`."""
    first, *rest = query.split("?")
    return first + "".join(f"${number}{text}" for number, text in enumerate(rest, 1))
