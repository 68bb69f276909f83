"""Create the tables of webhooks and their deliveries."""

from orjson import loads
from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.integrations.webhooks import DeliveryStatus


class Migration(TableMigration):
    dependencies = [("models", "0003_stock_counting")]

    initial = False

    operations = [
        CreateTable(
            name="Webhook",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.CharField(max_length=500)),
                ("topics", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("active", fields.BooleanField(default=True)),
                ("salt", fields.CharField(max_length=64)),
                ("previous_salt", fields.CharField(null=True, max_length=64)),
                (
                    "previous_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("sequence", fields.BigIntField()),
                ("failures", fields.IntField(default=0)),
                (
                    "failing_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("resume_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(null=True, max_length=300)),
                ("claim", fields.CharField(null=True, max_length=40)),
                (
                    "locked_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "webhook",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"sequence" >= 0', name="ck_webhook_sequence"),
                    CheckConstraint(check='"failures" >= 0', name="ck_webhook_failures"),
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "models.Webhook",
                        source_field="webhook_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sequence", fields.BigIntField()),
                ("topic", fields.CharField(max_length=40)),
                ("node", fields.CharField(max_length=64)),
                ("body", fields.TextField(unique=False)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=DeliveryStatus, max_length=24),
                ),
                ("attempts", fields.IntField(default=0)),
                (
                    "next_attempt_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("response_status", fields.IntField(null=True)),
                ("last_error", fields.CharField(null=True, max_length=300)),
                (
                    "delivered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "webhook_delivery",
                "app": "models",
                "unique_together": (("webhook_id", "sequence"),),
                "constraints": [
                    CheckConstraint(check='"attempts" >= 0', name="ck_webhook_delivery_attempts")
                ],
                "indexes": [Index(fields=["webhook_id", "next_attempt_at"])],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
    ]
