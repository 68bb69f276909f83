"""Add invitations of staff by text message."""

from tortoise import fields
from tortoise.fields.base import OnDelete

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0030_levels_in_order")]

    initial = False

    operations = [
        CreateTable(
            name="StaffInvitation",
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
                ("token_hash", fields.CharField(null=True, max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "accepted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("inviter_kind", fields.CharField(max_length=16)),
                ("inviter_id", fields.BigIntField(null=True)),
                ("revoker_kind", fields.CharField(null=True, max_length=16)),
                ("revoker_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "staff_invitation",
                "app": "models",
                "unique_together": (("token_hash",),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
    ]
