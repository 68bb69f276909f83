from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


async def keep_own_numbers(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """What was set for a level stays as it is when its location gets a default."""
    await editor.client.execute_script(
        "UPDATE stock_level SET safety_is_own = TRUE WHERE safety_stock > 0"
    )


class Migration(TableMigration):
    dependencies = [("models", "0002_stock_documents")]

    initial = False

    operations = [
        CreateTable(
            name="SafetyStockDefault",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "location",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="location_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("safety_stock", fields.IntField()),
            ],
            options={
                "table": "safety_stock_default",
                "app": "models",
                "unique_together": (("location_id",),),
                "constraints": [
                    CheckConstraint(
                        check='"safety_stock" >= 0', name="ck_safety_stock_default_safety_stock"
                    )
                ],
                "pk_attr": "id",
                "table_description": "The safety stock of those levels of a location that do not have their own.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StockCheckpoint",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "level",
                    fields.ForeignKeyField(
                        "models.StockLevel",
                        source_field="level_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sequence", fields.BigIntField()),
                ("version", fields.IntField()),
                ("available", fields.IntField()),
                ("held", fields.IntField()),
                ("committed", fields.IntField()),
                ("damaged", fields.IntField()),
                ("quarantined", fields.IntField()),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_checkpoint",
                "app": "models",
                "unique_together": (("level_id", "sequence"),),
                "pk_attr": "id",
                "table_description": "The sum of a level's movements up to and including `sequence`.",
            },
            bases=["Row"],
        ),
        ops.AddField(
            model_name="StockLevel",
            name="safety_is_own",
            field=fields.BooleanField(db_default=False),
        ),
        ops.RunPython(keep_own_numbers, ops.RunPython.noop),
        ops.AddIndex(
            model_name="StockMovement",
            index=Index(fields=["document_id"]),
        ),
    ]
