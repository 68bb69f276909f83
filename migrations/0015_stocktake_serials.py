from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.stock.documents.stocktake_rules import SerialFinding


class Migration(TableMigration):
    dependencies = [("models", "0014_opening_costs")]

    initial = False

    operations = [
        CreateTable(
            name="StocktakeSerial",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "line",
                    fields.ForeignKeyField(
                        "models.StocktakeLine",
                        source_field="line_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("serial", fields.CharField(max_length=64)),
                (
                    "finding",
                    fields.CharEnumField(description="", enum_type=SerialFinding, max_length=24),
                ),
                ("moved", fields.BooleanField(null=True)),
            ],
            options={
                "table": "stocktake_serial",
                "app": "models",
                "unique_together": (("line_id", "serial"),),
                "pk_attr": "id",
                "table_description": "A serial number in which a count differs from the records.",
            },
            bases=["Row"],
        ),
        ops.AddField(
            model_name="StocktakeLine",
            name="last_serial_event_id",
            field=fields.BigIntField(null=True),
        ),
    ]
