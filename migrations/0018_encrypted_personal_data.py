"""Encrypt personal data and create the table of phone indexes."""

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.engine.schema_changes.encrypt_column import EncryptColumn, RemoveUniqueKey, batches
from models.keys.encryption import ring
from models.members.phones import indexes_of

_PHONE = b"member.encrypted_phone"
_COLUMNS = ("merchant_id", "member_id", "kid", "whole", "ending")


async def index_phones(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Write the blind indexes of every member's phone."""
    client = editor.client
    dialect = client.capabilities.dialect
    marks = ["?"] * 5 if dialect == "sqlite" else [f"${number}" for number in range(1, 6)]
    statement = (
        f"INSERT INTO member_phone ({', '.join(_COLUMNS)}, created_at)"
        f" VALUES ({', '.join(marks)}, CURRENT_TIMESTAMP)"
    )
    async for members in batches(client, "member", "encrypted_phone", "merchant_id"):
        rows = [
            [member["merchant_id"], member["id"], index.kid, index.whole, index.ending]
            for member in members
            for index in indexes_of(ring().decrypt(member["encrypted_phone"], _PHONE))
        ]
        await client.execute_many(statement, rows)


async def end_codes(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Delete all one-time codes, which are valid for minutes and were stored by the plain phone."""
    await editor.client.execute_script("DELETE FROM one_time_code")


class Migration(TableMigration):
    dependencies = [("models", "0017_sign_in")]

    initial = False

    operations = [
        CreateTable(
            name="MemberPhone",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("member_id", fields.BigIntField(db_index=True)),
                ("kid", fields.CharField(max_length=32)),
                ("whole", fields.CharField(max_length=20)),
                ("ending", fields.CharField(max_length=20)),
            ],
            options={
                "table": "member_phone",
                "app": "models",
                "unique_together": (("merchant_id", "whole"),),
                "indexes": [Index(fields=["merchant_id", "ending"])],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        RemoveUniqueKey(model_name="Member", fields=["merchant_id", "phone"]),
        EncryptColumn("Member", "member", "phone", "VARCHAR(20)", null=True),
        EncryptColumn("Order", "sales_order", "address", "JSONB", null=True),
        EncryptColumn("Order", "sales_order", "remark", "VARCHAR(500)", null=True),
        EncryptColumn("PrintTicket", "print_ticket", "text", "TEXT", null=False),
        EncryptColumn("PrintTicket", "print_ticket", "escpos", "TEXT", null=False),
        EncryptColumn("Supplier", "supplier", "contact", "VARCHAR(200)", null=True),
        EncryptColumn("Supplier", "supplier", "phone", "VARCHAR(32)", null=True),
        ops.RunPython(index_phones, ops.RunPython.noop),
        ops.RunPython(end_codes, end_codes),
    ]
