from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.stock.states import AllocationStatus


class Migration(TableMigration):
    dependencies = [("models", "0009_serial_numbers")]

    initial = False

    operations = [
        CreateTable(
            name="StockBackorder",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("most", fields.IntField()),
                ("promised", fields.IntField(default=0)),
                ("expected_on", fields.DateField(null=True)),
            ],
            options={
                "table": "stock_backorder",
                "app": "models",
                "unique_together": (("variant_id",),),
                "constraints": [
                    CheckConstraint(check='"most" >= 0', name="ck_stock_backorder_most"),
                    CheckConstraint(check='"promised" >= 0', name="ck_stock_backorder_promised"),
                ],
                "pk_attr": "id",
                "table_description": "How many units of a variant may be sold before they arrive.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="BackorderAllocation",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("order_id", fields.BigIntField(db_index=True)),
                ("fulfilment_id", fields.BigIntField(db_index=True)),
                ("quantity", fields.IntField()),
                ("filled", fields.IntField(default=0)),
                (
                    "status",
                    fields.CharEnumField(
                        default=AllocationStatus.HELD,
                        description="",
                        enum_type=AllocationStatus,
                        max_length=24,
                    ),
                ),
            ],
            options={
                "table": "stock_promise",
                "app": "models",
                "indexes": [Index(fields=["status", "variant_id", "location_id", "id"])],
                "constraints": [
                    CheckConstraint(check='"quantity" > 0', name="ck_stock_promise_quantity"),
                    CheckConstraint(
                        check='"filled" BETWEEN 0 AND "quantity"', name="ck_stock_promise_filled"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Units of a variant that a fulfilment awaits at its location; `filled` of them have arrived.",
            },
            bases=["Row"],
        ),
        ops.AddField(
            model_name="Fulfilment",
            name="awaits_until",
            field=fields.DateField(null=True),
        ),
    ]
