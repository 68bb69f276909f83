"""Add columns for rotated and revoked API clients and for the devices of sessions."""

from tortoise import fields

from models.accounts.channels import Channel
from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration


class Migration(TableMigration):
    dependencies = [("models", "0015_stocktake_serials")]

    initial = False

    operations = [
        AddColumn(
            model_name="ApiClient",
            name="previous_secret_hash",
            field=fields.CharField(null=True, db_index=True, max_length=64),
        ),
        AddColumn(
            model_name="ApiClient",
            name="previous_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name="ApiClient",
            name="last_used_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name="ApiClient",
            name="revoked_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name="ApiClient",
            name="revoked_reason",
            field=fields.CharField(null=True, max_length=500),
        ),
        AddColumn(
            model_name="Staff",
            name="last_sign_in_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name="Session",
            name="refreshed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name="Session",
            name="channel",
            field=fields.CharEnumField(null=True, description="", enum_type=Channel, max_length=24),
        ),
        AddColumn(
            model_name="Session",
            name="device",
            field=fields.CharField(null=True, max_length=200),
        ),
    ]
