from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0002_price_lists")]

    initial = False

    operations = [
        CreateTable(
            name="DocumentCounter",
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
                ("series", fields.CharField(max_length=16)),
                ("last_number", fields.IntField(default=0)),
            ],
            options={
                "table": "document_counter",
                "app": "models",
                "unique_together": (("merchant_id", "series"),),
                "constraints": [
                    CheckConstraint(
                        check='"last_number" >= 0', name="ck_document_counter_last_number"
                    )
                ],
                "pk_attr": "id",
                "table_description": "The last number given to a merchant's documents of one kind on one day.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="DocumentEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("document_type", fields.CharField(max_length=24)),
                ("document_id", fields.BigIntField()),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("from_status", fields.CharField(null=True, max_length=24)),
                ("to_status", fields.CharField(max_length=24)),
                ("note", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "document_event",
                "app": "models",
                "indexes": [Index(fields=["document_type", "document_id", "id"])],
                "pk_attr": "id",
                "table_description": 'One entry of a stock document\'s history: the document, such as `("Transfer", 7)`, changed its status.',
            },
            bases=["Row"],
        ),
    ]
