"""The transactional outbox: every change, written in the transaction that makes it, read by sequence."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row


class Topic(StrEnum):
    """The subject of a change; ALL subscribes to every topic."""

    ALL = "*"
    ASSORTMENT_CHANGED = "assortment.changed"
    BRAND_CHANGED = "brand.changed"
    CATEGORY_CHANGED = "category.changed"
    FULFILMENT_ASSIGNED = "fulfilment.assigned"
    FULFILMENT_CHANGED = "fulfilment.changed"
    MEMBER_CHANGED = "member.changed"
    ORDER_CHANGED = "order.changed"
    PRICE_CHANGED = "price.changed"
    PRICE_LIST_CHANGED = "price_list.changed"
    PRODUCT_CHANGED = "product.changed"
    PURCHASE_ORDER_CHANGED = "purchase_order.changed"
    STOCK_CHANGED = "stock.changed"
    STOCKTAKE_CHANGED = "stocktake.changed"
    STORE_CHANGED = "store.changed"
    SUPPLIER_CHANGED = "supplier.changed"
    SUPPLIER_RETURN_CHANGED = "supplier_return.changed"
    TRANSFER_CHANGED = "transfer.changed"


TOPICS = frozenset(Topic) - {Topic.ALL}


class OutboxEvent(Row):
    """One change. `sequence` is assigned after the commit, in commit order and without gaps.

    `node_type` and `node_id` name what changed. The other columns select its audience: `organisation_id` is
    its node of the tree, `subject` the customer (`"MEMBER:7"`). `traceparent` is the trace in which the
    change was made, if traces are on.
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
    """One row with the last assigned sequence. Whoever assigns sequences holds its lock."""

    last_sequence = fields.BigIntField(default=0)

    class Meta:
        table = "outbox_counter"
