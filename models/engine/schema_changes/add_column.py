"""An ADD COLUMN whose rollback works while other tables refer to the rows.

Tortoise drops a column on SQLite by rebuilding the table, which foreign keys to its rows forbid.
"""

from __future__ import annotations

from tortoise.migrations.operations import AddField
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class AddColumn(AddField):
    """Tortoise's AddField for a plain column; the rollback drops its index, then the column."""

    async def database_backward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is None:
            return
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        table, client = model._meta.db_table, state_editor.client
        if client.capabilities.dialect == "sqlite":
            found = await client.execute_query_dict(
                "SELECT l.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i"
                " WHERE i.name = ?",
                [table, self.name],
            )
            for each in found:
                await state_editor._run_sql(f'DROP INDEX "{each["name"]}"')
        await state_editor._run_sql(f'ALTER TABLE "{table}" DROP COLUMN "{self.name}"')
