from __future__ import annotations

from tortoise import fields

from models.stock.states import AllocationStatus
from models.tables.fields import Row, choice, never_negative, reference, within


class StockBackorder(Row):
    """What may be sold of a variant before it is there; a variant without a row sells only what is there.

    `promised` pieces are owed to orders right now; it may exceed a `most` that was lowered meanwhile. Its
    row is locked after an order and before any level.
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
    """Pieces promised to a fulfilment that are yet to come to its location; `filled` of them have come.

    Its row changes only under its variant's `StockBackorder`.
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
