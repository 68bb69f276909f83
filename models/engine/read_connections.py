"""Connections for reading, with the least overhead that the drivers allow."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from time import monotonic, thread_time
from typing import Any, Protocol

import asyncpg
import orjson
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient

from models.engine.long_lists import folded
from models.engine.postgres.pooled_connections import PooledConnections
from models.engine.query_cache import PostgresQueryCache, SqliteQueryCache
from models.engine.shares import own_share
from models.read_consistency import Freshness

log = logging.getLogger("tortoise.db_client")  # the logger of all other statements

STEPS = 20_000  # of SQLite's virtual machine between two checks of the clock: about 0.2 ms
PATIENCE_SECONDS = 0.008  # of this thread
STATEMENTS = 512  # prepared statements in the cache

Records = Sequence[Any]  # each is a sequence of columns that `dict` also accepts


class Reader(Protocol):
    """One database for reading. `any_of` and `array` express a list as a single parameter.

    `cache` is None where nothing is cached.
    """

    async def records(
        self, query: str, values: Sequence[Any], freshness: Freshness | None = None
    ) -> Records:
        """Return rows of a statement in the database's own dialect, cached ones if `freshness` allows."""
        ...

    @property
    def cache(self) -> SqliteQueryCache | PostgresQueryCache | None: ...

    async def close(self) -> None: ...

    def any_of(self, column: str) -> str: ...

    def any_id(self, column: str) -> str: ...

    def array(self, values: Iterable[Any]) -> Any: ...


class SqliteReader:
    """Reads in the event loop: most statements take less time than handing them to a thread.

    A statement that takes more than `PATIENCE_SECONDS` or finds the database locked is interrupted and
    repeated in the client's thread, which may wait.
    """

    def __init__(self, client: SqliteClient, kept_megabytes: float) -> None:
        self._client = client
        self._loop_connection = sqlite3.connect(
            client.filename, timeout=0, isolation_level=None, cached_statements=STATEMENTS
        )
        self._loop_connection.row_factory = sqlite3.Row
        self._loop_connection.execute("PRAGMA query_only = ON")
        self.cache = (
            SqliteQueryCache(self._loop_connection, kept_megabytes) if kept_megabytes else None
        )
        self._until: float | None = None
        self._spent = 0.0  # seconds since other tasks last had the event loop
        self._loop_connection.set_progress_handler(self._takes_long, STEPS)

    async def records(
        self, query: str, values: Sequence[Any], freshness: Freshness | None = None
    ) -> Records:
        query, values = folded(query, values)
        log.debug("%s: %s", query, values)
        began, self._until = monotonic(), None
        try:
            if self.cache is None:
                rows: Records = self._read(query, values)
            else:
                rows = self.cache.get((query, values), lambda: self._read(query, values))
        except sqlite3.OperationalError:
            return await self._read_elsewhere(query, values)
        self._spent += monotonic() - began
        if self._spent > PATIENCE_SECONDS:  # many short statements block as long as one long one
            self._spent = 0.0
            await asyncio.sleep(0)
        return rows

    async def _read_elsewhere(self, query: str, values: Sequence[Any]) -> Records:
        """Run a statement in the client's thread; cancelling the caller ends it: see `ReadingConnection`."""
        connection = self._client._connection
        assert connection  # noqa: S101 - open as long as this reader
        async with own_share():
            return await connection.execute_fetchall(query, values)  # type: ignore[return-value]

    def _read(self, query: str, values: Sequence[Any]) -> list[Any]:
        return self._loop_connection.execute(query, values).fetchall()

    async def close(self) -> None:
        self._loop_connection.close()

    def _takes_long(self) -> bool:
        """Return whether the running statement has exceeded its time.

        SQLite continues to count where the last statement ended, so the first call proves nothing.
        """
        if self._until is None:
            self._until = thread_time() + PATIENCE_SECONDS
        return thread_time() > self._until

    def any_of(self, column: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(?))"

    def any_id(self, column: str) -> str:
        return self.any_of(column)

    def array(self, values: Iterable[Any]) -> Any:
        return orjson.dumps(list(values)).decode()


class PostgresReader:
    """Reads through a separate pool, so that reading never waits for a transaction."""

    def __init__(self, pool: asyncpg.Pool, kept_megabytes: float = 0) -> None:
        self._connections = PooledConnections(pool)
        self.cache = PostgresQueryCache(kept_megabytes) if kept_megabytes else None

    async def records(
        self, query: str, values: Sequence[Any], freshness: Freshness | None = None
    ) -> Records:
        query, values = folded(query, values)
        if self.cache is None or freshness is None:
            return await self._read(query, values)
        key = (query, values)
        rows = self.cache.get(freshness, key)
        if rows is None:
            rows = await self._read(query, values)
            self.cache.keep(freshness, key, rows)
        return rows

    async def _read(self, query: str, values: Sequence[Any]) -> Records:
        async with own_share():
            return await self._read_now(query, values)

    async def _read_now(self, query: str, values: Sequence[Any]) -> Records:
        log.debug("%s: %s", query, values)
        connection = await self._connections.acquire()
        try:
            found = await connection.fetch(query, *values)
        except asyncpg.PostgresError:
            await self._connections.release(connection)
            raise
        except BaseException:  # cancelled, or lost
            await self._connections.return_to_pool(connection)
            raise
        await self._connections.release(connection)
        return found

    async def close(self) -> None:
        await self._connections.close()

    def any_of(self, column: str) -> str:
        return f"{column} = ANY(?)"

    def any_id(self, column: str) -> str:
        # The planner prefers a custom plan for a bare array that is shorter than the ten entries it assumes,
        # and planning each time costs more than the statement. It does not look into a subquery.
        return f"{column} = ANY((SELECT ?::bigint[])::bigint[])"

    def array(self, values: Iterable[Any]) -> Any:
        return tuple(values)


def reader_of(client: BaseDBAsyncClient, kept_megabytes: float) -> Reader:
    if isinstance(client, AsyncpgDBClient):
        assert client._pool  # noqa: S101 - it has been opened
        return PostgresReader(client._pool, kept_megabytes)
    assert isinstance(client, SqliteClient)  # noqa: S101 - the settings allow no other
    return SqliteReader(client, kept_megabytes)
