"""Statements for many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tortoise.models import Model

from models.database import execute, execute_many, marks

T = TypeVar("T")
CHUNK = 10_000  # both databases allow about 32,000 parameters in one statement
AT_ONCE = 200  # rows converted to parameters before other tasks get the event loop


def assign(row: Model, **values: Any) -> bool:
    """Set the attributes that differ; return whether any did."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def columns_of(row: Model) -> dict[str, Any]:
    """Return the current values of a row, for `save_changed`."""
    return {name: getattr(row, name) for name in row._meta.fields_db_projection}


async def save_changed(row: Model, before: Mapping[str, Any]) -> None:
    """Write only the changed columns, so that concurrent writes to the others are kept."""
    changed = [name for name, value in columns_of(row).items() if value != before[name]]
    if changed:
        times = [n for n, f in row._meta.fields_map.items() if getattr(f, "auto_now", False)]
        await row.save(update_fields=[*changed, *times])


async def update_all(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Write these columns of each row, in the order of IDs, which is the order of locks."""
    if not rows:
        return
    meta = type(rows[0])._meta
    fields = [(column, meta.fields_map[column]) for column in columns]
    assignments = ", ".join(f'"{column}" = ?' for column in columns)
    for chunk in chunks(sorted(rows, key=lambda row: row.pk), AT_ONCE):
        await execute_many(
            f'UPDATE "{meta.db_table}" SET {assignments} WHERE id = ?',
            [
                [
                    *(field.to_db_value(getattr(row, column), row) for column, field in fields),
                    row.pk,
                ]
                for row in chunk
            ],
        )


async def insert_all(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of plain values, many in each statement."""
    at_once = CHUNK // len(columns)
    for chunk in chunks(rows, at_once):
        placeholders = ", ".join([f"({marks(columns)})"] * len(chunk))
        await execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {placeholders}",
            *(value for row in chunk for value in row),
        )


async def delete_where(table: str, column: str, values: Sequence[Any]) -> None:
    for chunk in chunks(values):
        await execute(f"DELETE FROM {table} WHERE {column} IN ({marks(chunk)})", *chunk)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
