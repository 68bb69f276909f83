from __future__ import annotations

from tortoise import fields

from models.stock.levels import LevelKey
from models.stock.states import BEYOND, MovementReason, StockState
from models.tables.fields import Row, choice, reference, within


class StockMovement(Row):
    """One append-only line of the ledger; `id` is its sequence, `created_at` when it happened.

    It is written under its level's lock, so within a level both only rise, and whoever sees a movement sees
    all that came before it, though the IDs of other levels may become visible later.
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
        """Whether pieces came to the place or left it."""
        return (self.from_state in BEYOND) is not (self.to_state in BEYOND)

    class Meta:
        table = "stock_movement"
        indexes = (("variant_id", "location_id", "id"), ("location_id", "id"), ("document_id",))
        constraints = (
            within("stock_movement", "quantity", '"quantity" > 0'),
            within("stock_movement", "states", '"from_state" <> "to_state"'),
        )
