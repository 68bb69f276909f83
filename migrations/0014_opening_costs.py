from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0013_byte_order_product_indexes")]

    initial = False

    operations = [
        CreateTable(
            name="StockOpeningCost",
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
                ("unit_cost_minor", fields.BigIntField()),
                ("quantity", fields.IntField()),
                ("value_minor", fields.BigIntField()),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("note", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "stock_opening_cost",
                "app": "models",
                "unique_together": (("level_id",),),
                "constraints": [
                    CheckConstraint(check='"quantity" >= 0', name="ck_stock_opening_cost_quantity"),
                    CheckConstraint(
                        check='"value_minor" >= 0', name="ck_stock_opening_cost_value_minor"
                    ),
                    CheckConstraint(
                        check='"unit_cost_minor" > 0', name="ck_stock_opening_cost_unit_cost_minor"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The unit cost of stock that was on hand before the first purchase. One per level, append-only.",
            },
            bases=["Row"],
        ),
    ]
