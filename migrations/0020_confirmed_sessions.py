"""Add the time of a session's last confirmation."""

from tortoise import fields

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0019_bulk_encodings")]

    initial = False

    operations = [
        AddColumn(model_name="Session", name="confirmed_at", field=fields.DatetimeField(null=True)),
    ]
