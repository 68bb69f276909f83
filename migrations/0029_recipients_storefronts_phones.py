"""Add phones of staff, indexes of recipients' phones, and unique codes of storefronts."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration
from models.engine.schema_changes.encrypt_column import batches
from models.keys.encryption import Undecryptable
from models.opening import DatabaseUnfit
from models.orders.orders import Order, recipient_ending

DOUBLES = """
SELECT o.code AS merchant, s.code AS code, s.id AS id FROM storefront s
JOIN organisation o ON o.id = s.merchant_id
WHERE s.code IS NOT NULL AND EXISTS (SELECT 1 FROM storefront other WHERE other.code = s.code
  AND other.merchant_id = s.merchant_id AND other.id <> s.id)
ORDER BY o.code, s.code, s.id LIMIT 20
"""
FILL_MERCHANTS = """
UPDATE storefront SET merchant_id = (SELECT COALESCE(o.merchant_id, o.id) FROM organisation o
  WHERE o.id = storefront.organisation_id)
"""


def is_postgres(client: Any) -> bool:
    return bool(client.capabilities.dialect != "sqlite")


async def index_recipients(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Write the blind index of the phone in each order's address; skip addresses that no key decrypts."""
    client = editor.client
    first, second = ("$1", "$2") if is_postgres(client) else ("?", "?")
    statement = f"UPDATE sales_order SET recipient_ending = {first} WHERE id = {second}"
    async for orders in batches(client, "sales_order", "encrypted_address"):
        found = [[ending_of(order["encrypted_address"]), order["id"]] for order in orders]
        await client.execute_many(statement, [each for each in found if each[0]])


def ending_of(stored: str) -> str | None:
    try:
        return recipient_ending(Order.address.decrypt(stored))
    except Undecryptable:
        return None


async def keep_codes_apart(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Make the codes of a merchant's client applications unique.

    Raises: DatabaseUnfit naming the duplicates.
    """
    client = editor.client
    await client.execute_query(FILL_MERCHANTS)
    if doubles := await client.execute_query_dict(DOUBLES):
        named = ", ".join(
            f"{each['merchant']} {each['code']} (row {each['id']})" for each in doubles
        )
        raise DatabaseUnfit(
            f"Several client applications of a merchant have the same code: {named}. Set all but one of each"
            " to NULL (UPDATE storefront SET code = NULL WHERE id = …), then migrate again."
        )
    await client.execute_query(
        "CREATE UNIQUE INDEX uid_storefront_code ON storefront (merchant_id, code)"
    )


async def let_codes_be(apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_query("DROP INDEX uid_storefront_code")


async def nothing(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Do nothing: dropping the column drops its values."""


class Migration(TableMigration):
    dependencies = [("models", "0028_pages_of_goods")]

    initial = False

    operations = [
        AddColumn(model_name="Staff", name="encrypted_phone", field=fields.TextField(null=True)),
        AddColumn(
            model_name="Order",
            name="recipient_ending",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddIndex(model_name="Order", index=Index(fields=["merchant_id", "recipient_ending"])),
        ops.RunPython(index_recipients, nothing),
        AddColumn(model_name="Storefront", name="merchant_id", field=fields.BigIntField(null=True)),
        ops.RunPython(keep_codes_apart, let_codes_be),
    ]
