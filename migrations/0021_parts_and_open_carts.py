from tortoise import fields

from models.add_column import AddColumn
from models.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0019_bulk_encodings")]

    initial = False

    operations = [
        AddColumn(
            model_name="Fulfilment",
            name="fee_minor",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        AddColumn(
            model_name="Fulfilment", name="refunded_minor", field=fields.BigIntField(null=True)
        ),
        AddColumn(
            model_name="Fulfilment", name="unfillable", field=fields.BooleanField(db_default=False)
        ),
    ]
