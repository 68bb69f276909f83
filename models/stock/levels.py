"""Stock levels: the quantity of each variant at each location, by state."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, never_negative, reference

LevelKey = tuple[int, int]
"""The key of a level: variant ID, location ID. Levels are locked in the order of their keys."""


class StockLevel(Row):
    """The quantities of one variant at one location, by state.

    They are authoritative. Every change writes a movement to the ledger in the same transaction.
    `safety_stock` is the level's own if `safety_is_own`, else a copy of the default of the location.
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
