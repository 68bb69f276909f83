"""Default safety stocks of locations."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, never_negative, reference


class SafetyStockDefault(Row):
    """The safety stock of those levels of a location that do not have their own."""

    location = reference("Location")
    safety_stock = fields.IntField()

    location_id: int

    class Meta:
        table = "safety_stock_default"
        unique_together = (("location_id",),)
        constraints = never_negative("safety_stock_default", "safety_stock")
