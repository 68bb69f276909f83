"""Add the encoding and notes of bulk operations."""

from tortoise import fields
from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0018_encrypted_personal_data")]

    initial = False

    operations = [
        ops.AddField(
            model_name="BulkOperation",
            name="encoding",
            field=fields.CharField(null=True, max_length=8),
        ),
        ops.AddField(
            model_name="BulkOperation",
            name="notes",
            field=fields.JSONField(null=True),
        ),
    ]
