from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, reference


class StockCheckpoint(Row):
    """What the movements of a level up to `sequence` add up to, so that nobody need add them up again.

    It is computed from the ledger, never from the level. `last_at` is when its last movement happened.
    """

    level = reference("StockLevel")
    sequence = fields.BigIntField()
    version = fields.IntField()
    available = fields.IntField()
    held = fields.IntField()
    committed = fields.IntField()
    damaged = fields.IntField()
    quarantined = fields.IntField()
    last_at = fields.DatetimeField()

    level_id: int

    class Meta:
        table = "stock_checkpoint"
        unique_together = (("level_id", "sequence"),)
