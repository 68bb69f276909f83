"""Backorders: units that are sold before the goods arrive, and their allocation to fulfilments."""

from __future__ import annotations

from tortoise import fields

from models.stock.states import AllocationStatus
from models.tables.fields import Row, choice, never_negative, reference, within


class StockBackorder(Row):
    """How many units of a variant may be sold before they arrive.

    A variant without a row is sold from stock only. `most` is the limit. `promised` is the number of units
    that open allocations still await; it exceeds `most` after the limit was lowered. Transactions lock the
    row after the order and before any level.
    """

    variant = reference("Variant")
    most = fields.IntField()
    promised = fields.IntField(default=0)
    expected_on = fields.DateField(null=True)

    variant_id: int

    class Meta:
        table = "stock_backorder"
        unique_together = (("variant_id",),)
        constraints = never_negative("stock_backorder", "most", "promised")


class BackorderAllocation(Row):
    """Units of a variant that a fulfilment awaits at its location; `filled` of them have arrived.

    The row changes only while the variant's `StockBackorder` is locked.
    """

    variant = reference("Variant")
    location = reference("Location")
    order_id = fields.BigIntField(db_index=True)
    fulfilment_id = fields.BigIntField(db_index=True)
    quantity = fields.IntField()
    filled = fields.IntField(default=0)
    status = choice(AllocationStatus, default=AllocationStatus.HELD)

    variant_id: int
    location_id: int

    @property
    def owed(self) -> int:
        return self.quantity - self.filled

    class Meta:
        # The table keeps its first name: renaming it would stop servers of the version before.
        table = "stock_promise"
        indexes = (("status", "variant_id", "location_id", "id"),)
        constraints = (
            within("stock_promise", "quantity", '"quantity" > 0'),
            within("stock_promise", "filled", '"filled" BETWEEN 0 AND "quantity"'),
        )
