"""Holds: units that are reserved for a fulfilment, at first for a limited time."""

from __future__ import annotations

from tortoise import fields

from models.stock.states import HoldStatus
from models.tables.fields import Row, choice, reference, within


class StockHold(Row):
    """Units of a level that are reserved for a fulfilment.

    The units of an expired hold count as available, even before the hold is released. The row changes only
    while its level is locked. `below_safety` holds may use the safety stock; sales at a counter make them.
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
