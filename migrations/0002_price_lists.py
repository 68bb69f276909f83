"""Create the tables of price lists, prices and price changes."""

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.catalog.prices import ALWAYS, PriceListKind
from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.money import CurrencyCode


class Migration(TableMigration):
    dependencies = [("models", "0001_initial")]

    initial = False

    operations = [
        CreateTable(
            name="PriceList",
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
                ("code", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
                (
                    "kind",
                    fields.CharEnumField(description="", enum_type=PriceListKind, max_length=24),
                ),
                ("key", fields.CharField(max_length=64)),
                (
                    "currency",
                    fields.CharEnumField(
                        default=CurrencyCode.CNY,
                        description="",
                        enum_type=CurrencyCode,
                        max_length=24,
                    ),
                ),
                (
                    "valid_from",
                    fields.DatetimeField(default=ALWAYS, auto_now=False, auto_now_add=False),
                ),
                ("valid_to", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("active", fields.BooleanField(default=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "price_list",
                "app": "models",
                "unique_together": (("merchant_id", "code"),),
                "indexes": [Index(fields=["merchant_id", "kind", "key"])],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Price",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "price_list",
                    fields.ForeignKeyField(
                        "models.PriceList",
                        source_field="price_list_id",
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
                ("amount_minor", fields.BigIntField()),
                (
                    "valid_from",
                    fields.DatetimeField(default=ALWAYS, auto_now=False, auto_now_add=False),
                ),
                ("valid_to", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "price",
                "app": "models",
                "unique_together": (("price_list_id", "variant_id", "valid_from"),),
                "constraints": [
                    CheckConstraint(check='"amount_minor" >= 0', name="ck_price_amount_minor")
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="PriceChange",
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
                    "price_list",
                    fields.ForeignKeyField(
                        "models.PriceList",
                        source_field="price_list_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("from_minor", fields.BigIntField(null=True)),
                ("to_minor", fields.BigIntField(null=True)),
                (
                    "valid_from",
                    fields.DatetimeField(default=ALWAYS, auto_now=False, auto_now_add=False),
                ),
                ("valid_to", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("actor_kind", fields.CharField(max_length=24)),
                ("actor_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "price_change",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check='"from_minor" IS NOT NULL OR "to_minor" IS NOT NULL',
                        name="ck_price_change_something",
                    )
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
    ]
