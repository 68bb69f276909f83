"""The ledger: one row for each movement of stock."""

from __future__ import annotations

from tortoise import fields

from models.stock.levels import LevelKey
from models.stock.states import OFF_LEVEL_STATES, MovementReason, StockState
from models.tables.fields import Row, choice, reference, within


class StockMovement(Row):
    """One append-only entry of the ledger; `id` is its sequence, `created_at` the time of the movement.

    It is written while its level is locked. Within a level `id` and `created_at` therefore never decrease,
    and a transaction that sees a movement sees all earlier movements of the level. Movements of other levels
    with lower IDs may become visible later.
    """

    variant = reference("Variant")
    location = reference("Location")
    from_state = choice(StockState)
    to_state = choice(StockState)
    quantity = fields.IntField()
    reason = choice(MovementReason)
    document_type = fields.CharField(max_length=24, null=True)
    document_id = fields.BigIntField(null=True)
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    note = fields.CharField(max_length=500, null=True)

    variant_id: int
    location_id: int

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id

    @property
    def crosses(self) -> bool:
        """Whether the movement changes the quantity on hand of its level."""
        return (self.from_state in OFF_LEVEL_STATES) is not (self.to_state in OFF_LEVEL_STATES)

    class Meta:
        table = "stock_movement"
        indexes = (("variant_id", "location_id", "id"), ("location_id", "id"), ("document_id",))
        constraints = (
            within("stock_movement", "quantity", '"quantity" > 0'),
            within("stock_movement", "states", '"from_state" <> "to_state"'),
        )
