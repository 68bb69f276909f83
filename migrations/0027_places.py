from typing import Any

from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_generator.state import State

from models.engine.schema_changes.create_tables import TableMigration

# With all that adding them up reads, so that no row of the ledger itself is; SQLite wants the reason, too.
SOLD = (
    "CREATE INDEX idx_stock_movement_sold_at_places"
    " ON stock_movement (location_id, variant_id, created_at, quantity, reason) WHERE reason = 'SALE'"
)
# A place has a node of its own; one of another kind keeps it, whatever stands on it.
WAREHOUSES = """
UPDATE organisation SET kind = 'WAREHOUSE' WHERE kind = 'STORE'
AND id IN (SELECT organisation_id FROM location WHERE kind = 'WAREHOUSE')
"""


class TellPlacesApart(TortoiseOperation):
    """Give the own nodes of warehouses a kind of their own, and index what was sold at each place."""

    def state_forward(self, app_label: str, state: State) -> None:
        """Partial indexes are no part of the tables' state."""

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
