from __future__ import annotations

from tortoise import fields

from models.stock.states import HoldStatus
from models.tables.fields import Row, choice, reference, within


class StockHold(Row):
    """Pieces promised to a fulfilment.

    A hold that has expired counts as available the moment it does, before anybody releases it. Its row
    changes only under its level's lock. `below_safety`: a counter's, which may dip into the safety stock.
    """

    level = reference("StockLevel")
    order_id = fields.BigIntField(db_index=True)
    fulfilment_id = fields.BigIntField(db_index=True)
    quantity = fields.IntField()
    status = choice(HoldStatus, default=HoldStatus.HELD)
    expires_at = fields.DatetimeField(null=True)
    below_safety = fields.BooleanField(default=False)

    level_id: int

    class Meta:
        table = "stock_hold"
        indexes = (("level_id", "status", "expires_at"), ("status", "expires_at"))
        constraints = (within("stock_hold", "quantity", '"quantity" > 0'),)
