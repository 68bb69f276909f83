"""Add the fees and refunds of fulfilments, and limit each customer to one open cart."""

from typing import Any

from tortoise import fields
from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_generator.state import State

from models.engine.schema_changes.add_column import AddColumn
from models.engine.schema_changes.create_tables import TableMigration

# Of several open carts of a customer, the one of a guide stays open, or else the one used last. Variants that
# only the others have are added to it, up to the maximum of lines, and the others refer to it.
RANKED = """
SELECT id, FIRST_VALUE(id) OVER (PARTITION BY merchant_id, member_id, guest_id
  ORDER BY CASE WHEN guide_id IS NULL THEN 1 ELSE 0 END, updated_at DESC, id DESC) AS survivor_id
FROM cart WHERE status = 'OPEN' AND (member_id IS NOT NULL OR guest_id IS NOT NULL)
"""
ADD_LINES = f"""
INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, added_by_id, created_at)
SELECT survivor_id, variant_id, quantity, added_in, added_by_id, created_at FROM (
  SELECT latest.*, ROW_NUMBER() OVER (PARTITION BY survivor_id ORDER BY id DESC) AS place FROM (
    SELECT line.*, ranked.survivor_id, ROW_NUMBER() OVER (
      PARTITION BY ranked.survivor_id, line.variant_id ORDER BY line.id DESC) AS turn
    FROM ({RANKED}) AS ranked JOIN cart_line AS line ON line.cart_id = ranked.id
    WHERE ranked.id <> ranked.survivor_id AND NOT EXISTS (SELECT 1 FROM cart_line AS mine
      WHERE mine.cart_id = ranked.survivor_id AND mine.variant_id = line.variant_id)) AS latest
  WHERE turn = 1) AS missing
WHERE place <= 100 - (SELECT COUNT(*) FROM cart_line AS mine WHERE mine.cart_id = survivor_id)
"""
CLOSE = f"""
UPDATE cart SET status = 'MERGED', version = version + 1, merged_into_id = ranked.survivor_id
FROM ({RANKED}) AS ranked WHERE ranked.id = cart.id AND ranked.survivor_id <> cart.id
"""
OWNERS = ("member", "guest")


class KeepOneOpenCart(TortoiseOperation):
    """Leave each customer one open cart, and enforce it by unique indexes."""

    def state_forward(self, app_label: str, state: State) -> None:
        """Leave the state unchanged: it does not include partial indexes."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        if state_editor is None:
            return
        for statement in (ADD_LINES, CLOSE):
            await state_editor.client.execute_query(statement)
        for owner in OWNERS:
            await state_editor.client.execute_query(
                f"CREATE UNIQUE INDEX uid_cart_open_of_{owner} ON cart (merchant_id, {owner}_id)"
                f" WHERE status = 'OPEN' AND {owner}_id IS NOT NULL"
            )

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        if state_editor is None:
            return
        for owner in OWNERS:
            await state_editor.client.execute_query(f"DROP INDEX uid_cart_open_of_{owner}")


class Migration(TableMigration):
    dependencies = [("models", "0020_confirmed_sessions")]

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
        KeepOneOpenCart(),
    ]
