from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.stock.documents.stocktake_rules import StocktakeStatus


class Migration(TableMigration):
    dependencies = [("models", "0005_transfers_purchases_costs")]

    initial = False

    operations = [
        CreateTable(
            name="Stocktake",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
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
                ("number", fields.CharField(max_length=32)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=StocktakeStatus, max_length=24),
                ),
                ("note", fields.CharField(null=True, max_length=500)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "stocktake",
                "app": "models",
                "unique_together": (("merchant_id", "number"),),
                "indexes": [Index(fields=["location_id", "id"])],
                "pk_attr": "id",
                "table_description": "A count of some variants at a location. Sales continue during the count.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StocktakeLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "stocktake",
                    fields.ForeignKeyField(
                        "models.Stocktake",
                        source_field="stocktake_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("going_on", fields.BooleanField(null=True)),
                ("counted", fields.IntField(null=True)),
                ("expected", fields.IntField(null=True)),
                ("counted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("counter_kind", fields.CharField(null=True, max_length=16)),
                ("counter_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "stocktake_line",
                "app": "models",
                "unique_together": (
                    ("stocktake_id", "variant_id"),
                    ("variant_id", "location_id", "going_on"),
                ),
                "constraints": [
                    CheckConstraint(check='"counted" >= 0', name="ck_stocktake_line_counted"),
                    CheckConstraint(check='"expected" >= 0', name="ck_stocktake_line_expected"),
                ],
                "pk_attr": "id",
                "table_description": "One variant of a stocktake with its count.",
            },
            bases=["Row"],
        ),
    ]
