from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, reference, within


class ContactLook(Row):
    """That somebody saw contact or address of an order in full on a day, and how often; not what they saw.

    Customers who look at their own orders leave no row.
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
