from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.fields import Row, choice, reference, within


class HoldStatus(StrEnum):
    HELD = "HELD"
    RELEASED = "RELEASED"
    COMMITTED = "COMMITTED"
    TAKEN = "TAKEN"


class StockHold(Row):
    """Pieces promised to a fulfilment: HELD until it expires, COMMITTED once paid, TAKEN when handed over.

    A hold that has expired counts as available the moment it does, before anybody releases it.
    """

    level = reference("StockLevel")
    order_id = fields.BigIntField(db_index=True)
    fulfilment_id = fields.BigIntField(db_index=True)
    quantity = fields.IntField()
    status = choice(HoldStatus, default=HoldStatus.HELD)
    expires_at = fields.DatetimeField(null=True)

    level_id: int

    class Meta:
        table = "stock_hold"
        indexes = (("level_id", "status", "expires_at"), ("status", "expires_at"))
        constraints = (within("stock_hold", "quantity", '"quantity" > 0'),)
