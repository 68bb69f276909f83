"""Create the tables of contact accesses and fulfilment events, and add columns to orders and fulfilments."""

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0021_parts_and_open_carts")]

    initial = False

    operations = [
        CreateTable(
            name="ContactLook",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "models.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField()),
                ("day", fields.DateField()),
                ("looks", fields.IntField(default=1)),
                ("last_at", fields.DatetimeField(db_index=True)),
            ],
            options={
                "table": "contact_look",
                "app": "models",
                "unique_together": (("order_id", "actor_kind", "actor_id", "day"),),
                "constraints": (
                    CheckConstraint(check='"looks" > 0', name="ck_contact_look_looks"),
                ),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="FulfilmentEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "fulfilment",
                    fields.ForeignKeyField(
                        "models.Fulfilment",
                        source_field="fulfilment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("from_status", fields.CharField(max_length=24)),
                ("to_status", fields.CharField(max_length=24)),
                ("note", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "fulfilment_event",
                "app": "models",
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        AddColumn(
            model_name="Order",
            name="storefront_id",
            field=fields.BigIntField(null=True, db_index=True),
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(fields=["merchant_id", "updated_at", "id"]),
        ),
        AddColumn(
            model_name="Fulfilment", name="promised_at", field=fields.DatetimeField(null=True)
        ),
        AddColumn(
            model_name="Fulfilment",
            name="assignee_id",
            field=fields.BigIntField(null=True, db_index=True),
        ),
    ]
