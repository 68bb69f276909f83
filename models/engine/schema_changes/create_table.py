"""A CREATE TABLE that includes CHECK constraints.

Tortoise leaves `Meta.constraints` out of a new table, and adding them later on SQLite rebuilds the table
without its unique constraints and indexes. So they are part of the CREATE TABLE.
"""

from __future__ import annotations

from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.operations import CreateModel
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class CreateTable(CreateModel):
    """Tortoise's CreateModel with the CHECKs of `options["constraints"]` in the table."""

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is None:
            return
        checks = [
            f'CONSTRAINT "{constraint.name}" CHECK ({constraint.check})'
            for constraint in (self.options or {}).get("constraints", ())
            if isinstance(constraint, CheckConstraint)
        ]
        state_editor._get_inner_statements = lambda: checks  # type: ignore[method-assign]
        try:
            await super().database_forward(app_label, old_state, new_state, state_editor)
        finally:
            del state_editor._get_inner_statements
