"""Byte order for sorted text columns on PostgreSQL, whatever its locale."""

from __future__ import annotations

from typing import Any

from tortoise.migrations.operations import RunSQL

_ALTER = "ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR({length}) COLLATE {collation}"


class OrderByBytes(RunSQL):
    """Alter `columns` (table, column, length) to byte order; SQLite has no other order."""

    def __init__(self, *columns: tuple[str, str, int]) -> None:
        super().__init__(_altered(columns, '"C"'), _altered(columns, '"default"'))

    async def _run_sql(self, state_editor: Any, sqls: Any) -> None:
        if state_editor.client.capabilities.dialect != "sqlite":
            await super()._run_sql(state_editor, sqls)


def _altered(columns: tuple[tuple[str, str, int], ...], collation: str) -> list[str]:
    return [
        _ALTER.format(table=table, column=column, length=length, collation=collation)
        for table, column, length in columns
    ]
