"""Writing at the latest just before the commit: see `models.engine.deferred_statements`.

For rows that nothing else in the transaction refers to, and statements whose outcome nothing depends on.
Outside of a transaction each is one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.database import running, transaction
from models.engine.deferred_statements import (
    Change,
    ChangedRows,
    MissingRows,
    NewRows,
    Outdated,
    Write,
)

__all__ = ["Outdated", "change_later", "flush", "insert_later", "update_later"]


async def insert_later(
    table: str,
    columns: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    *,
    missing_only: bool = False,
) -> None:
    """Add rows to a table; a dict or list in one becomes JSON.

    `missing_only`: rows that are there already, by any key, are left as they are.
    """
    if rows:
        await _later((MissingRows if missing_only else NewRows)(table, columns, list(rows)))


async def update_later(table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """Change rows that the transaction has locked, each once; the first column is `id`."""
    if rows:
        await _later(ChangedRows(table, columns, list(rows)))


async def change_later(table: str, query: str, *values: Any, count: int | None = None) -> None:
    """Run a plain SQL statement that changes rows of `table`.

    The transaction is undone by `Outdated` unless it changes as many rows as `count` says.
    """
    await _later(Change(table, query, values, count))


async def flush() -> None:
    """Send what was put off, for rows that refer to it."""
    if (connection := running()) is not None:
        await connection.flush()


async def _later(write: Write) -> None:
    if (connection := running()) is None:
        await transaction(_later, write)
    else:
        await connection.put_off(write)
