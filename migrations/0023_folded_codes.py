"""Index case-insensitive codes, and add the code of storefronts."""

from tortoise import fields
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.create_tables import TableMigration
from models.tables.folded_codes import COLUMNS, expression


async def add_indexes(apps: StateApps, editor: BaseSchemaEditor) -> None:
    postgres = editor.client.capabilities.dialect != "sqlite"
    for table, column in COLUMNS:
        await editor.client.execute_script(
            f"CREATE INDEX idx_{table}_folded_{column}"
            f" ON {table} (merchant_id, {expression(column, postgres=postgres)})"
        )


async def remove_indexes(apps: StateApps, editor: BaseSchemaEditor) -> None:
    for table, column in COLUMNS:
        await editor.client.execute_script(f"DROP INDEX idx_{table}_folded_{column}")


class Migration(TableMigration):
    dependencies = [("models", "0022_links")]

    initial = False

    operations = [
        ops.RunPython(add_indexes, remove_indexes),
        ops.AddField(
            model_name="Storefront",
            name="code",
            field=fields.CharField(null=True, max_length=64),
        ),
    ]
