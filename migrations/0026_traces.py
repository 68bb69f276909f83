"""Add the trace of events, jobs and deliveries."""

from tortoise import fields

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0023_folded_codes")]

    initial = False

    operations = [
        AddColumn(
            model_name=model,
            name="traceparent",
            field=fields.CharField(null=True, max_length=64),
        )
        for model in ("OutboxEvent", "WebhookDelivery")
    ]
