"""Index the levels of a location and of a variant in the order of IDs.

SQLite's indexes include the ID already.
"""

from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.create_tables import TableMigration

INDEXES = (
    ("idx_stock_level_place_order", "(location_id, id)"),
    ("idx_stock_level_variant_order", "(variant_id, id)"),
)


async def add_indexes(apps: StateApps, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect == "sqlite":
        return
    for name, columns in INDEXES:
        await editor.client.execute_script(f"CREATE INDEX {name} ON stock_level {columns}")


async def remove_indexes(apps: StateApps, editor: BaseSchemaEditor) -> None:
    for name, _ in INDEXES:
        await editor.client.execute_script(f"DROP INDEX IF EXISTS {name}")


class Migration(TableMigration):
    dependencies = [("models", "0029_recipients_storefronts_phones")]

    initial = False

    operations = [ops.RunPython(add_indexes, remove_indexes)]
