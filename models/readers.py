"""Reading connections, used as cheaply as the drivers can: one statement, one hop, rows as they come."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import asyncpg
import orjson
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient

log = logging.getLogger("tortoise.db_client")  # where every other statement is logged, too

Records = Sequence[Any]  # each a sequence of columns that `dict` also takes


class Reader(Protocol):
    """One database for reading. `any_of` and `array` write a list as a single parameter."""

    async def records(self, query: str, values: Sequence[Any]) -> Records:
        """Rows of a statement in the database's own dialect."""
        ...

    async def close(self) -> None: ...

    def any_of(self, column: str) -> str: ...

    def array(self, values: Iterable[Any]) -> Any: ...


class SqliteReader:
    def __init__(self, client: SqliteClient) -> None:
        self._client = client

    async def records(self, query: str, values: Sequence[Any]) -> Records:
        log.debug("%s: %s", query, values)
        connection = self._client._connection
        assert connection  # noqa: S101 - open as long as this is
        return await connection.execute_fetchall(query, values)  # type: ignore[return-value]

    async def close(self) -> None:
        """Its connection is the client's to close."""

    def any_of(self, column: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(?))"

    def array(self, values: Iterable[Any]) -> Any:
        return orjson.dumps(list(values)).decode()


class PostgresReader:
    """Keeps up to half of the pool's connections at hand: to acquire and release one costs the pool twice
    what a statement costs. When none is at hand, the pool is asked as usual.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._kept = self._pool.get_max_size() // 2
        self._idle: list[Any] = []

    async def records(self, query: str, values: Sequence[Any]) -> Records:
        log.debug("%s: %s", query, values)
        connection = await self._take()
        try:
            found = await connection.fetch(query, *values)
        except asyncpg.PostgresError:
            await self._put_back(connection)
            raise
        except BaseException:  # cancelled, or lost: the pool sorts it out
            await self._pool.release(connection)
            raise
        await self._put_back(connection)
        return found

    async def close(self) -> None:
        while self._idle:
            await self._pool.release(self._idle.pop())

    def any_of(self, column: str) -> str:
        return f"{column} = ANY(?)"

    def array(self, values: Iterable[Any]) -> Any:
        return list(values)

    async def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire()

    async def _put_back(self, connection: Any) -> None:
        if len(self._idle) < self._kept and not connection.is_closed():
            self._idle.append(connection)
        else:
            await self._pool.release(connection)


def reader_of(client: BaseDBAsyncClient) -> Reader:
    if isinstance(client, AsyncpgDBClient):
        assert client._pool  # noqa: S101 - it has been opened
        return PostgresReader(client._pool)
    assert isinstance(client, SqliteClient)  # noqa: S101 - the settings allow no other
    return SqliteReader(client)
