"""Migration operations that encrypt a column of plain text with the keys of `models.keys.encryption`.

The rows are rewritten in batches inside the migration's transaction, so a large table needs time but little
memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tortoise import fields
from tortoise.migrations.operations import RemoveConstraint, TortoiseOperation
from tortoise.migrations.schema_generator.state import State

from models.keys.encryption import ring

BATCH = 2_000


class EncryptColumn(TortoiseOperation):
    """Replace the column `name` by `encrypted_<name>`; `postgres_type` is its former type on PostgreSQL."""

    def __init__(
        self, model_name: str, table: str, name: str, postgres_type: str, null: bool
    ) -> None:
        self.model_name = model_name
        self.table = table
        self.name = name
        self.column = f"encrypted_{name}"
        self.postgres_type = postgres_type
        self.null = null

    def state_forward(self, app_label: str, state: State) -> None:
        model = self.get_model_state(state, app_label, self.model_name)
        del model.fields[self.name]
        model.fields[self.column] = fields.TextField(null=self.null)
        state.reload_model(app_label, self.model_name)

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        client, context = state_editor.client, f"{self.table}.{self.column}".encode()
        await self._rename(client, self.name, self.column)
        if _is_postgres(client):
            await self._retype(client, "TEXT")
        await self._rewrite(client, lambda text: ring().encrypt(text, context))

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        client, context = state_editor.client, f"{self.table}.{self.column}".encode()
        await self._rewrite(client, lambda stored: ring().decrypt(stored, context))
        if _is_postgres(client):
            await self._retype(client, self.postgres_type)
        await self._rename(client, self.column, self.name)

    async def _rename(self, client: Any, old: str, new: str) -> None:
        await client.execute_query(f'ALTER TABLE "{self.table}" RENAME COLUMN "{old}" TO "{new}"')

    async def _retype(self, client: Any, kind: str) -> None:
        """Change the column's type; SQLite accepts text of any length in any column."""
        await client.execute_query(
            f'ALTER TABLE "{self.table}" ALTER COLUMN "{self.column}" TYPE {kind}'
            f' USING "{self.column}"::{kind}'
        )

    async def _rewrite(self, client: Any, change: Callable[[str], str]) -> None:
        first, second = ("$1", "$2") if _is_postgres(client) else ("?", "?")
        statement = f'UPDATE "{self.table}" SET "{self.column}" = {first} WHERE id = {second}'
        async for rows in batches(client, self.table, self.column):
            changed = [[change(row[self.column]), row["id"]] for row in rows]
            await client.execute_many(statement, changed)


class RemoveUniqueKey(RemoveConstraint):
    """Remove a unique key on PostgreSQL only; on SQLite that would rebuild the table.

    No row may violate the key that stays on SQLite.
    """

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        if _is_postgres(state_editor.client):
            await super().database_forward(app_label, old_state, new_state, state_editor)

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        if _is_postgres(state_editor.client):
            await super().database_backward(app_label, old_state, new_state, state_editor)


async def batches(client: Any, table: str, column: str, *others: str) -> Any:
    """Yield the rows whose column is not null, `BATCH` at a time, with ID and the other columns."""
    columns = ", ".join(f'"{each}"' for each in ("id", column, *others))
    after, mark = 0, "$1" if _is_postgres(client) else "?"
    while True:
        rows = await client.execute_query_dict(
            f'SELECT {columns} FROM "{table}" WHERE id > {mark} AND "{column}" IS NOT NULL'
            f" ORDER BY id LIMIT {BATCH}",
            [after],
        )
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


def _is_postgres(client: Any) -> bool:
    return bool(client.capabilities.dialect != "sqlite")
