"""Hooks around the statements of both databases, for traces.

Nothing is wrapped until `trace_statements` is called, so a process without traces has no overhead. An
observer receives only the text of a statement with placeholders, never its parameters.
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
"""Return a context manager for a statement, or None to leave it alone."""

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
    """Wrap every statement of this process in `observe`; return a function that undoes it."""
    originals = [(owner, name, vars(owner)[name]) for owner, name in STATEMENT_METHODS]
    for owner, name, original in originals:
        setattr(owner, name, _observed(original, observe))

    def restore() -> None:
        for owner, name, original in originals:
            setattr(owner, name, original)

    return restore


def _observed(original: Callable[..., Any], observe: Observe) -> Callable[..., Any]:
    """Return the wrapped function; its first argument is the statement or the list of deferred writes."""
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
