from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, never_negative, reference

LevelKey = tuple[int, int]
"""The key of a level: variant ID, location ID. Levels are locked in the order of their keys."""


class StockLevel(Row):
    """How many pieces of a variant stand at a location, by state.

    The numbers are authoritative; every change of one is a movement in the ledger, written with it. So is
    `safety_stock`: unless it is the level's own, it is the default of its location, copied.
    """

    variant = reference("Variant")
    location = reference("Location")
    available = fields.IntField(default=0)
    held = fields.IntField(default=0)
    committed = fields.IntField(default=0)
    damaged = fields.IntField(default=0)
    quarantined = fields.IntField(default=0)
    incoming = fields.IntField(default=0)
    safety_stock = fields.IntField(default=0)
    safety_is_own = fields.BooleanField(db_default=False)
    version = fields.IntField(default=0)
    updated_at = fields.DatetimeField(auto_now=True)

    variant_id: int
    location_id: int

    class Meta:
        table = "stock_level"
        unique_together = (("variant_id", "location_id"),)
        constraints = never_negative(
            "stock_level",
            "available",
            "held",
            "committed",
            "damaged",
            "quarantined",
            "incoming",
            "safety_stock",
        )
