"""Where the statements of both databases can be observed, for traces.

Nothing is wrapped until `trace_statements` is called, so that a process without traces pays nothing. Only the
text of a statement is handed over, with placeholders; its parameters never are.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.sqlite.client import SqliteClient

from models.engine import read_connections, transactions
from models.engine.deferred_statements import Write

Observe = Callable[[str], AbstractContextManager[object] | None]
"""Return what surrounds a statement while it runs, None for nothing."""

_ORM = ("execute_insert", "execute_many", "execute_query", "execute_query_dict")
STATEMENT_METHODS: tuple[tuple[Any, str], ...] = (
    *((SqliteClient, name) for name in _ORM),
    *((AsyncpgDBClient, name) for name in _ORM),
    (transactions.InTransaction, "execute_many"),
    (transactions._BriefSqlite, "execute_query"),
    (transactions._Postgres, "send"),
    (transactions._Sqlite, "send"),
    (transactions._BriefSqlite, "send"),
    (transactions, "_rows_of"),
    (read_connections.PostgresReader, "_read"),
    (read_connections.SqliteReader, "_read"),
    (read_connections.SqliteReader, "_read_elsewhere"),
)


def trace_statements(observe: Observe) -> Callable[[], None]:
    """Let `observe` surround every statement of this process from now on; return what ends that."""
    originals = [(owner, name, vars(owner)[name]) for owner, name in STATEMENT_METHODS]
    for owner, name, original in originals:
        setattr(owner, name, _observed(original, observe))

    def restore() -> None:
        for owner, name, original in originals:
            setattr(owner, name, original)

    return restore


def _observed(original: Callable[..., Any], observe: Observe) -> Callable[..., Any]:
    """The first argument after the receiver is the statement, or the writes that were put off."""
    if not inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        def observed(owner: Any, statement: str, *values: Any) -> Any:
            if (span := observe(statement)) is None:
                return original(owner, statement, *values)
            with span:
                return original(owner, statement, *values)

        return observed

    @functools.wraps(original)
    async def observed_later(owner: Any, statement: Any, *values: Any, **named: Any) -> Any:
        text = statement if isinstance(statement, str) else _text_of(statement)
        if (span := observe(text)) is None:
            return await original(owner, statement, *values, **named)
        with span:
            return await original(owner, statement, *values, **named)

    return observed_later


def _text_of(writes: Iterable[Write]) -> str:
    return f"WRITE {', '.join(write.table for write in writes)}"
