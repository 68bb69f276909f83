from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_table import CreateTable
from models.stock.serials import SerialState


class Migration(migrations.Migration):
    dependencies = [("models", "0008_search_terms")]

    initial = False

    operations = [
        CreateTable(
            name="SerialNumber",
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
                ("serial", fields.CharField(max_length=64)),
                (
                    "state",
                    fields.CharEnumField(description="", enum_type=SerialState, max_length=24),
                ),
                ("document_type", fields.CharField(null=True, max_length=24)),
                ("document_id", fields.BigIntField(null=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "serial_number",
                "app": "models",
                "unique_together": (("variant_id", "serial"),),
                "indexes": [Index(fields=["variant_id", "location_id", "state", "id"])],
                "pk_attr": "id",
                "table_description": "One unit of a variant that tracks serial numbers, at its current or last location.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="SerialEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "serial_number",
                    fields.ForeignKeyField(
                        "models.SerialNumber",
                        source_field="serial_number_id",
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
                (
                    "from_state",
                    fields.CharEnumField(
                        null=True, description="", enum_type=SerialState, max_length=24
                    ),
                ),
                (
                    "to_state",
                    fields.CharEnumField(description="", enum_type=SerialState, max_length=24),
                ),
                ("document_type", fields.CharField(null=True, max_length=24)),
                ("document_id", fields.BigIntField(null=True)),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "serial_event",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One append-only entry of a serial number's history; `from_state` is null for the first.",
            },
            bases=["Row"],
        ),
        ops.AddField(
            model_name="Variant",
            name="tracks_serials",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
