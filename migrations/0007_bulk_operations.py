"""Create the table of bulk operations."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.integrations.bulk import BulkFormat, BulkKind, BulkStatus


class Migration(TableMigration):
    dependencies = [("models", "0006_stocktakes")]

    initial = False

    operations = [
        CreateTable(
            name="BulkOperation",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("kind", fields.CharEnumField(description="", enum_type=BulkKind, max_length=24)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=BulkStatus, max_length=24),
                ),
                (
                    "format",
                    fields.CharEnumField(description="", enum_type=BulkFormat, max_length=24),
                ),
                ("all_or_nothing", fields.BooleanField()),
                ("dry_run", fields.BooleanField()),
                ("merchant_id", fields.BigIntField(null=True)),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("file", fields.CharField(max_length=64)),
                ("file_name", fields.CharField(max_length=200)),
                ("file_bytes", fields.BigIntField()),
                ("rows_total", fields.BigIntField(null=True)),
                ("rows_done", fields.BigIntField(default=0)),
                ("rows_failed", fields.BigIntField(default=0)),
                ("created", fields.BigIntField(default=0)),
                ("updated", fields.BigIntField(default=0)),
                ("offset", fields.BigIntField(default=0)),
                ("line", fields.BigIntField(default=0)),
                ("result_bytes", fields.BigIntField(default=0)),
                ("error_bytes", fields.BigIntField(default=0)),
                ("cancel_asked", fields.BooleanField(default=False)),
                ("error", fields.CharField(null=True, max_length=500)),
                ("claim", fields.CharField(null=True, max_length=40)),
                (
                    "locked_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "finished_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "bulk_operation",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"rows_done" >= 0', name="ck_bulk_operation_rows_done"),
                    CheckConstraint(
                        check='"rows_failed" >= 0', name="ck_bulk_operation_rows_failed"
                    ),
                    CheckConstraint(check='"offset" >= 0', name="ck_bulk_operation_offset"),
                    CheckConstraint(
                        check='"result_bytes" >= 0', name="ck_bulk_operation_result_bytes"
                    ),
                    CheckConstraint(
                        check='"error_bytes" >= 0', name="ck_bulk_operation_error_bytes"
                    ),
                ],
                "indexes": [
                    Index(fields=["actor_kind", "actor_id"]),
                    Index(fields=["status", "locked_until"]),
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
    ]
