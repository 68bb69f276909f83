"""A migration that creates its tables together.

Tortoise copies the state of every model before each operation, so a schema of many tables would take
seconds. Creating a table needs no earlier state: consecutive CreateTable operations share one.
"""

from __future__ import annotations

from itertools import groupby

from tortoise.migrations import Migration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State

from models.engine.schema_changes.create_table import CreateTable


class TableMigration(Migration):
    """Tortoise's migration, with consecutive CreateTable operations applied together."""

    async def apply(
        self,
        state: State,
        *,
        dry_run: bool = False,
        schema_editor: BaseSchemaEditor | None = None,
        collect_sql: bool = False,
    ) -> State:
        operations = self.operations
        try:
            for are_tables, run in groupby(operations, lambda each: isinstance(each, CreateTable)):
                self.operations = list(run)
                if are_tables and not collect_sql:
                    editor = None if dry_run else schema_editor
                    await self._create(self.operations, state, editor)
                else:
                    state = await super().apply(
                        state,
                        dry_run=dry_run,
                        schema_editor=schema_editor,
                        collect_sql=collect_sql,
                    )
        finally:
            self.operations = operations
        state.validate_relations_initialized()
        return state

    async def _create(
        self, tables: list[Operation], state: State, editor: BaseSchemaEditor | None
    ) -> None:
        for table in tables:
            assert isinstance(table, CreateTable)  # noqa: S101
            state.models[self.app_label, table.name] = ModelState.make_from_model(
                self.app_label, table.model
            )
        state.reload_models(list(state.models))
        for table in tables if editor else ():
            alone = editor.client.capabilities.supports_transactions  # type: ignore[union-attr]
            await self._run_database_forward(table, state, state, editor, alone)  # type: ignore[arg-type]
