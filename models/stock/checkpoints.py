"""Checkpoints of the ledger: sums from which a replay starts."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, reference


class StockCheckpoint(Row):
    """The sum of a level's movements up to and including `sequence`.

    It is computed from the ledger, never from the level. `last_at` is the time of the last movement.
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
