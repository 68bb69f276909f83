"""Writes that are sent at the latest just before the commit; see `models.engine.deferred_statements`.

They are for rows that nothing else in the transaction refers to, and for statements whose result nothing
depends on. Outside a transaction each is a transaction by itself.
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
    """Insert rows into a table; a dict or list in a row becomes JSON.

    `missing_only`: rows that conflict with an existing key are skipped.
    """
    if rows:
        await _later((MissingRows if missing_only else NewRows)(table, columns, list(rows)))


async def update_later(table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """Update rows that the transaction has locked, each once; the first column is `id`."""
    if rows:
        await _later(ChangedRows(table, columns, list(rows)))


async def change_later(table: str, query: str, *values: Any, count: int | None = None) -> None:
    """Run a plain SQL statement that changes rows of `table`.

    The transaction fails with `Outdated` if the number of changed rows differs from `count`.
    """
    await _later(Change(table, query, values, count))


async def flush() -> None:
    """Send the deferred writes, so that later statements can refer to their rows."""
    if (connection := running()) is not None:
        await connection.flush()


async def _later(write: Write) -> None:
    if (connection := running()) is None:
        await transaction(_later, write)
    else:
        await connection.defer(write)
