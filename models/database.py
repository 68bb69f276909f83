"""The database: connections, the one `transaction()`, and plain SQL where the ORM is too slow.

SQLite reads on a second connection, which no transaction blocks. A replica of PostgreSQL may lag.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import starmap
from typing import Any, ParamSpec, TypeVar

from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection, get_connections

from models.cancellation import run_to_completion
from models.config import POOL_SIZE, connection_settings, replica_options
from models.engine.postgres.replica import Replica
from models.engine.query_cache import KEPT_MEGABYTES, Key
from models.engine.read_connections import PostgresReader, Reader, Records, reader_of
from models.engine.scope import Scope, in_transaction_now, running_scope
from models.engine.shares import Shares
from models.engine.transactions import (
    InTransaction,
    is_transient,
    numbered,
    open_transaction,
    release_idle,
    run_single,
)
from models.keys import encryption
from models.outages import database_faults
from models.read_consistency import NOT_AT_ALL, Freshness, lag_allowed, may_be_as_fresh_as, move_on

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R", bound=tuple[Any, ...])
log = logging.getLogger(__name__)

ATTEMPTS = 8
CLOSE_SECONDS = 5.0
_running: set[asyncio.Task[Any]] = set()
_opened: list[Reader] = []
_replicas: list[Replica] = []
_shares: list[Shares] = []
CALLERS_AT_ONCE = 4  # callers whose shares together use all reading connections


async def connect(
    database_url: str,
    pool_size: int = POOL_SIZE,
    *,
    pooler: bool = False,
    replica_url: str = "",
    replica_lag_seconds: float = 5,
    kept_megabytes: float = KEPT_MEGABYTES,
    data_keys: str = "",
) -> None:
    """Open the database; `data_keys` encrypt personal data, or if empty the public development keys."""
    encryption.use(data_keys)
    await Tortoise.init(
        config=connection_settings(database_url, pool_size, pooler=pooler),
        _enable_global_fallback=True,
    )
    try:
        for name in ("default", "reader"):
            await get_connection(name).create_connection(with_db=True)
        _opened[:] = [reader_of(get_connection("reader"), kept_megabytes)]
        _shares[:] = [Shares(max(1, pool_size // CALLERS_AT_ONCE) if is_postgres() else 1)]
    except BaseException:
        await Tortoise.close_connections()
        raise
    if replica_url:
        options = replica_options(pool_size, pooler=pooler)
        _replicas[:] = [Replica.at(replica_url, _opened[0], replica_lag_seconds, **options)]


@run_to_completion
async def close() -> None:
    """Wait for running transactions, at most `CLOSE_SECONDS`, then close every connection."""
    if _running:
        await asyncio.wait(set(_running), timeout=CLOSE_SECONDS)
    for task in _running:
        task.cancel()
    while _replicas:
        await _replicas.pop().close()
    while _opened:
        await _opened.pop().close()
    # Close connections one by one: SQLite checkpoints its WAL only when the last one closes.
    for connection in get_connections().all():
        await release_idle(connection)
        with suppress(TimeoutError):
            await asyncio.wait_for(connection.close(), CLOSE_SECONDS)
    await Tortoise.close_connections()


def running() -> InTransaction | None:
    """Return the connection of the running transaction, or None."""
    scope = running_scope.get()
    return None if scope is None else scope.connection


def is_postgres() -> bool:
    return isinstance(_opened[0], PostgresReader)


def read_for(caller: str) -> AbstractContextManager[None]:
    """Limit reads inside this context to the caller's share of the reading connections."""
    return _shares[0].of(caller)


async def transaction(work: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run `work(*arguments)` in one transaction; inside another transaction, join it.

    The work runs in its own task, so a cancelled caller leaves neither a lock nor a connection behind. It
    is repeated after serialization failures, deadlocks and a locked database, so it must hold no state.
    """
    return await _transaction(work, arguments, brief=False)


async def brief_transaction(work: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run a `transaction` of a few statements that take microseconds each, at any table size.

    On SQLite they run in the event loop: handing them to a thread would cost several times as much.
    """
    return await _transaction(work, arguments, brief=True)


async def _transaction(
    work: Callable[..., Awaitable[T]], arguments: tuple[Any, ...], *, brief: bool
) -> T:
    if in_transaction_now():
        return await work(*arguments)
    move_on()
    task = asyncio.create_task(_with_retries(work, arguments, brief))
    _running.add(task)
    task.add_done_callback(_finished)
    return await asyncio.shield(task)


def after_commit(callback: Callable[[], None]) -> None:
    """Call back once the running transaction has committed; without one, call back at once."""
    if (scope := running_scope.get()) is None:
        callback()
    else:
        scope.after_commit.append(callback)


def freshness_of_request() -> Freshness:
    """Return the freshness of a request that has sent no statement; `first_records` fills it in."""
    return cache.begin() if (cache := _opened[0].cache) else Freshness()


async def first_records(freshness: Freshness, query: str, *values: Any) -> Records:
    """Return rows for the first statement of a request; `query` has `{snapshot}` as its first column."""
    cache = _opened[0].cache
    query = query.format(snapshot=cache.snapshot if cache else "NULL")
    found = await _opened[0].records(_dialect(query), values)
    if cache and found and found[0][0]:
        cache.learn(freshness, found[0][0])
    return found


async def recall(freshness: Freshness, key: Key) -> Sequence[Any] | None:
    """Return the valid cached result for `key`, for a request that has read nothing yet, or None."""
    cache = _opened[0].cache
    if cache is None or (_replicas and lag_allowed.get()):
        return None  # reads from a replica are not cached
    if freshness.state is None and cache.is_worth_asking():
        await first_records(freshness, "SELECT {snapshot}")
    return cache.recall(freshness, key)


def keep(freshness: Freshness, key: Key, made: Sequence[Any]) -> None:
    """Cache a result that the request computed from the database alone since `recall` returned None."""
    if cache := _opened[0].cache:
        cache.keep(freshness, key, made)


async def records(query: str, *values: Any) -> Records:
    """Return the rows of a SELECT with `?` parameters; values are as the driver returns them."""
    query = _dialect(query)
    if not in_transaction_now():
        if _replicas and lag_allowed.get():
            found = await _replicas[0].records(query, values)
            if found is not None:
                if freshness := may_be_as_fresh_as.get():
                    freshness.holds_until = NOT_AT_ALL
                return found
        return await _opened[0].records(query, values, may_be_as_fresh_as.get())
    return (await get_connection("default").execute_query(query, list(values)))[1]


async def read(row: type[R], query: str, *values: Any) -> list[R]:
    """Return the rows as named tuples of class `row`, which has a field for each column; see `columns`."""
    return list(starmap(row, await records(query, *values)))


def columns(row: type[tuple[Any, ...]], table: str) -> str:
    """Return `p.id, p.slug, …`: the columns of one table that `read` needs for this row class."""
    names: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
    return ", ".join(f"{table}.{name}" for name in names)


async def fetch(query: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows as dicts; in a transaction `query` may also be `… RETURNING`."""
    if not in_transaction_now():
        return list(map(dict, await records(query, *values)))
    return await get_connection("default").execute_query_dict(_dialect(query), list(values))


async def change(query: str, *values: Any) -> list[dict[str, Any]]:
    """Run one `… RETURNING` statement as a transaction by itself and return its rows."""
    client = get_connection("default")
    if in_transaction_now() or not isinstance(client, AsyncpgDBClient):
        return await brief_transaction(fetch, query, *values)
    move_on()
    return list(map(dict, await run_single(client, numbered(query), values)))


async def execute(query: str, *values: Any) -> int:
    """Run a plain SQL statement that changes rows and return their number."""
    move_on()
    return (await get_connection("default").execute_query(_dialect(query), list(values)))[0]


async def execute_many(query: str, rows: Sequence[Sequence[Any]]) -> None:
    move_on()
    await get_connection("default").execute_many(_dialect(query), [list(row) for row in rows])


def marks(values: Sequence[Any]) -> str:
    """Return `?, ?, ?` for an IN list; for an empty list, NULL, which matches nothing."""
    return ", ".join("?" * len(values)) or "NULL"


def any_of(column: str) -> str:
    """Return the condition that a column is in an `array`: one parameter, so one statement for any length."""
    return _opened[0].any_of(column)


def any_id(column: str) -> str:
    """Return `any_of` for a few indexed IDs; PostgreSQL plans it once, whatever their number."""
    return _opened[0].any_id(column)


def array(values: Iterable[Any]) -> Any:
    return _opened[0].array(values)


def for_update() -> str:
    """Return the locking clause of a SELECT; SQLite has already locked the whole database."""
    return " FOR UPDATE" if is_postgres() else ""


async def _with_retries(
    work: Callable[..., Awaitable[T]], arguments: tuple[Any, ...], brief: bool
) -> T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(work, arguments, brief)
        except Exception as error:
            if attempt == ATTEMPTS or not is_transient(error):
                raise
            await asyncio.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)  # noqa: S311
    raise AssertionError("the last attempt returns or raises")


async def _once(
    work: Callable[..., Awaitable[T]], arguments: tuple[Any, ...], brief: bool = False
) -> T:
    async with open_transaction(get_connection("default"), brief=brief) as transactional:
        running = Scope(transactional)
        connections = get_connections().set("default", transactional)
        scope = running_scope.set(running)
        try:
            result = await work(*arguments)
            await transactional.flush()
        finally:
            running_scope.reset(scope)
            get_connections().reset(connections)
    database_faults.wrote()
    for callback in running.after_commit:
        callback()
    return result


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("transaction rolled back by %s", type(error).__name__)


def _dialect(query: str) -> str:
    return numbered(query) if is_postgres() else query
