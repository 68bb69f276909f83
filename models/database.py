"""The database: connecting, the one `transaction()`, and plain SQL for where the ORM is too slow.

SQLite serves reads from a second, read-only connection, so that a transaction never blocks them.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.connection import get_connection, get_connections
from tortoise.exceptions import OperationalError

from models.config import connection_settings

T = TypeVar("T")
log = logging.getLogger(__name__)

ATTEMPTS = 8
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar(
    "after_commit", default=None
)
_running: set[asyncio.Task[Any]] = set()


async def connect(database_url: str, pool_size: int = 10) -> None:
    """Open the database that `database_url` names, for this process."""
    await Tortoise.init(
        config=connection_settings(database_url, pool_size), _enable_global_fallback=True
    )
    for name in ("default", "reader"):
        await get_connection(name).create_connection(with_db=True)


async def close() -> None:
    """Let running transactions end, then close every connection."""
    if _running:
        await asyncio.wait(set(_running))
    await Tortoise.close_connections()


def in_transaction_now() -> bool:
    return _after_commit.get() is not None


def connection() -> BaseDBAsyncClient:
    """The transaction's connection inside one, else the one for reading."""
    return get_connection("default" if in_transaction_now() else "reader")


def is_postgres() -> bool:
    return get_connection("default").capabilities.dialect == "postgres"


async def transaction(work: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run `work(*arguments)` in one transaction; inside another it joins that one.

    The work runs in a task of its own, so a caller that is cancelled (a client that hangs up) leaves
    neither a lock nor a connection behind: what was begun is finished. Serialization failures,
    deadlocks and a locked database run the whole work again, so it must hold no state of its own.
    """
    if in_transaction_now():
        return await work(*arguments)
    task = asyncio.create_task(_with_retries(work, arguments))
    _running.add(task)
    task.add_done_callback(_finished)
    return await asyncio.shield(task)


def after_commit(callback: Callable[[], None]) -> None:
    """Call back once the running transaction has committed; at once where there is none."""
    callbacks = _after_commit.get()
    if callbacks is None:
        callback()
    else:
        callbacks.append(callback)


async def fetch(query: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a plain SQL statement whose parameters are `?`; also for `… RETURNING`."""
    client = connection()
    return await client.execute_query_dict(_dialect(query, client), list(values))


async def execute(query: str, *values: Any) -> int:
    """Run a plain SQL statement that changes rows; answers how many."""
    client = get_connection("default")
    return (await client.execute_query(_dialect(query, client), list(values)))[0]


async def execute_many(query: str, rows: Sequence[Sequence[Any]]) -> None:
    client = get_connection("default")
    await client.execute_many(_dialect(query, client), [list(row) for row in rows])


def marks(values: Sequence[Any]) -> str:
    """`?, ?, ?` for an IN list; an empty list gives NULL, which nothing is in."""
    return ", ".join("?" * len(values)) or "NULL"


def for_update() -> str:
    """The locking clause of a SELECT; SQLite has the whole database locked already."""
    return " FOR UPDATE" if is_postgres() else ""


async def _with_retries(work: Callable[..., Awaitable[T]], arguments: tuple[Any, ...]) -> T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(work, arguments)
        except Exception as error:
            if attempt == ATTEMPTS or not _is_transient(error):
                raise
            await asyncio.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)  # noqa: S311
    raise AssertionError("the last attempt returns or raises")


async def _once(work: Callable[..., Awaitable[T]], arguments: tuple[Any, ...]) -> T:
    client = get_connection("default")
    callbacks: list[Callable[[], None]] = []
    async with _begin(client) as transactional:
        connections = get_connections().set("default", transactional)
        scope = _after_commit.set(callbacks)
        try:
            result = await work(*arguments)
        finally:
            _after_commit.reset(scope)
            get_connections().reset(connections)
    for callback in callbacks:
        callback()
    return result


def _begin(client: BaseDBAsyncClient) -> AbstractAsyncContextManager[BaseDBAsyncClient]:
    if isinstance(client, AsyncpgDBClient):
        return _postgres(client)
    assert isinstance(client, SqliteClient)  # noqa: S101 - the settings allow no other
    return _sqlite(client)


@asynccontextmanager
async def _postgres(client: AsyncpgDBClient) -> AsyncIterator[TransactionWrapper]:
    async with client._pool.acquire() as raw, raw.transaction():  # type: ignore[union-attr]
        wrapper = TransactionWrapper(client)
        wrapper._connection = raw
        yield wrapper


@asynccontextmanager
async def _sqlite(client: SqliteClient) -> AsyncIterator[SqliteTransactionWrapper]:
    async with client._lock:
        wrapper = SqliteTransactionWrapper(client)
        try:
            # A deferred BEGIN fails at once when a reader turns writer; IMMEDIATE waits its turn.
            await wrapper._connection.execute("BEGIN IMMEDIATE")
            yield wrapper
            await wrapper._connection.commit()
        except BaseException:
            if wrapper._connection.in_transaction:
                await wrapper._connection.rollback()
            raise


def _is_transient(error: Exception) -> bool:
    if isinstance(error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError):
        return True
    locked = isinstance(error, OperationalError | sqlite3.OperationalError)
    return locked and "locked" in str(error)


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("transaction rolled back: %s", error)


def _dialect(query: str, client: BaseDBAsyncClient) -> str:
    return _numbered(query) if client.capabilities.dialect == "postgres" else query


@lru_cache(maxsize=2048)
def _numbered(query: str) -> str:
    first, *rest = query.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
