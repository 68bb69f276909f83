"""The transactional outbox: every change, written with the rows it tells of, read by sequence."""

from __future__ import annotations

from tortoise import fields

from models.fields import Row

# Every topic that anything announces; what else is asked for is refused.
TOPICS = frozenset(
    {
        "fulfilment.assigned",
        "fulfilment.changed",
        "member.changed",
        "order.changed",
        "assortment.changed",
        "category.changed",
        "price.changed",
        "price_list.changed",
        "product.changed",
        "purchase_order.changed",
        "stock.changed",
        "stocktake.changed",
        "store.changed",
        "supplier.changed",
        "supplier_return.changed",
        "transfer.changed",
    }
)


class OutboxEvent(Row):
    """One change. `sequence` is given after the commit, in commit order and without gaps.

    `node_type` and `node_id` name what changed; the other columns say whom it concerns:
    `organisation_id` is the node of the tree it belongs to, `subject` the customer (`"MEMBER:7"`).
    `traceparent` is the trace that the change was made in, while there are traces.
    """

    sequence = fields.BigIntField(null=True, unique=True)
    topic = fields.CharField(max_length=40)
    node_type = fields.CharField(max_length=40)
    node_id = fields.BigIntField()
    merchant_id = fields.BigIntField(null=True)
    organisation_id = fields.BigIntField(null=True)
    variant_id = fields.BigIntField(null=True)
    location_id = fields.BigIntField(null=True)
    subject = fields.CharField(max_length=40, null=True)
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    traceparent = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "outbox_event"
        indexes = (("topic", "sequence"),)


class OutboxCounter(Row):
    """One row: the last sequence given. Whoever gives sequences holds its lock."""

    last_sequence = fields.BigIntField(default=0)

    class Meta:
        table = "outbox_counter"
