"""Mark the organisation nodes of warehouses, and index the sales at each location."""

from typing import Any

from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_generator.state import State

from models.engine.schema_changes.create_tables import TableMigration

# Covers the sum of sales, so that no row of the ledger is read; SQLite needs the reason for that, too.
SOLD = (
    "CREATE INDEX idx_stock_movement_sold_at_places"
    " ON stock_movement (location_id, variant_id, created_at, quantity, reason) WHERE reason = 'SALE'"
)
# A location has its own node; nodes of other kinds stay unchanged.
WAREHOUSES = """
UPDATE organisation SET kind = 'WAREHOUSE' WHERE kind = 'STORE'
AND id IN (SELECT organisation_id FROM location WHERE kind = 'WAREHOUSE')
"""


class TellPlacesApart(TortoiseOperation):
    """Give the nodes of warehouses their own kind, and index the sales at each location."""

    def state_forward(self, app_label: str, state: State) -> None:
        """Leave the state unchanged: it does not include partial indexes."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        await _run(state_editor, WAREHOUSES, SOLD)

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: Any = None
    ) -> None:
        everything = "UPDATE organisation SET kind = 'STORE' WHERE kind = 'WAREHOUSE'"
        await _run(state_editor, everything, "DROP INDEX idx_stock_movement_sold_at_places")


async def _run(state_editor: Any, *statements: str) -> None:
    for statement in statements if state_editor else ():
        await state_editor.client.execute_query(statement)


class Migration(TableMigration):
    dependencies = [("models", "0026_traces")]

    initial = False

    operations = [TellPlacesApart()]
