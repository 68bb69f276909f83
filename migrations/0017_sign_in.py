"""Create the tables of known origins and recovery codes, and add the second factor of staff."""

from tortoise import fields
from tortoise.fields.base import OnDelete

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0016_revocation")]

    initial = False

    operations = [
        CreateTable(
            name="KnownOrigin",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("subject", fields.CharField(max_length=64)),
                ("origin", fields.CharField(max_length=64)),
                ("seen_at", fields.DatetimeField()),
            ],
            options={
                "table": "known_origin",
                "app": "models",
                "unique_together": (("subject", "origin"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code_hash", fields.CharField(max_length=64)),
                ("used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "recovery_code",
                "app": "models",
                "unique_together": (("staff_id", "code_hash"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        AddColumn(
            model_name="Staff",
            name="encrypted_second_factor_secret",
            field=fields.CharField(max_length=300, null=True),
        ),
        AddColumn(
            model_name="Staff", name="second_factor_at", field=fields.DatetimeField(null=True)
        ),
        AddColumn(
            model_name="Staff", name="second_factor_step", field=fields.BigIntField(null=True)
        ),
    ]
