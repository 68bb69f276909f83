"""Add the columns of brand, category and product pages, and index the sales of a variant."""

from orjson import loads
from tortoise import fields
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration

# Contains only sales and covers their sum, so that no row of the ledger is read. SQLite needs the column of the
# condition for that, too.
SOLD = (
    "CREATE INDEX idx_stock_movement_sold"
    " ON stock_movement (variant_id, created_at, location_id, quantity, reason) WHERE reason = 'SALE'"
)


def json_column() -> fields.JSONField:
    return fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)


async def add_index(apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script(SOLD)


async def remove_index(apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script("DROP INDEX idx_stock_movement_sold")


class Migration(TableMigration):
    dependencies = [("models", "0027_places")]

    initial = False

    operations = [
        AddColumn(model_name="Brand", name="logo", field=json_column()),
        AddColumn(
            model_name="Brand", name="story", field=fields.TextField(null=True, unique=False)
        ),
        AddColumn(model_name="Category", name="image", field=json_column()),
        AddColumn(
            model_name="Category", name="position", field=fields.IntField(default=0, db_default=0)
        ),
        AddColumn(model_name="Product", name="attributes", field=json_column()),
        AddColumn(model_name="Product", name="related_codes", field=json_column()),
        AddColumn(model_name="Variant", name="media", field=json_column()),
        ops.RunPython(add_index, remove_index),
    ]
