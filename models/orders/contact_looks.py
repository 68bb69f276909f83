"""The table of accesses to customers' contacts."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, reference, within


class ContactLook(Row):
    """The number of times that somebody saw an order's contact or address in full on one day.

    What they saw is not stored. Customers who view their own orders leave no row.
    """

    order = reference("Order")
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField()
    day = fields.DateField()
    looks = fields.IntField(default=1)
    last_at = fields.DatetimeField(db_index=True)

    order_id: int

    class Meta:
        table = "contact_look"
        unique_together = (("order_id", "actor_kind", "actor_id", "day"),)
        constraints = (within("contact_look", "looks", '"looks" > 0'),)
