"""Create the tables of assortments, channel exclusions and selective variants."""

from tortoise import fields
from tortoise.fields.base import OnDelete

from models.accounts.channels import Channel
from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0004_webhooks")]

    initial = False

    operations = [
        CreateTable(
            name="Assortment",
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
                ("carried", fields.BooleanField()),
            ],
            options={
                "table": "assortment",
                "app": "models",
                "unique_together": (("variant_id", "location_id"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ChannelExclusion",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("channel", fields.CharEnumField(description="", enum_type=Channel, max_length=24)),
            ],
            options={
                "table": "channel_exclusion",
                "app": "models",
                "unique_together": (("product_id", "channel"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="SelectiveVariant",
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
            ],
            options={
                "table": "selective_variant",
                "app": "models",
                "unique_together": (("variant_id",),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
    ]
