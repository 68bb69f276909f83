"""Add the language of bulk operations and the delivery counts of webhooks."""

from tortoise import fields
from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0011_serial_conditions")]

    initial = False

    operations = [
        ops.AddField(
            model_name="BulkOperation",
            name="language",
            field=fields.CharField(max_length=8, default="en", db_default="en"),
        ),
        *(
            ops.AddField(
                model_name="Webhook",
                name=name,
                field=fields.BigIntField(default=0, db_default=0),
            )
            for name in ("delivered", "failed", "dead")
        ),
    ]
