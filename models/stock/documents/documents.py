"""Tables that all stock documents share: counters of numbers, and the history."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, never_negative, reference


class DocumentCounter(Row):
    """The last number given to a merchant's documents of one kind on one day."""

    merchant = reference("Organisation")
    series = fields.CharField(max_length=16)
    last_number = fields.IntField(default=0)

    class Meta:
        table = "document_counter"
        unique_together = (("merchant_id", "series"),)
        constraints = never_negative("document_counter", "last_number")


class DocumentEvent(Row):
    """One entry of a stock document's history: the document, such as `("Transfer", 7)`, changed its status.

    `from_status` is null for the creation. Both statuses are equal where a step does not change the status,
    as with a second partial receipt.
    """

    document_type = fields.CharField(max_length=24)
    document_id = fields.BigIntField()
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    from_status = fields.CharField(max_length=24, null=True)
    to_status = fields.CharField(max_length=24)
    note = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "document_event"
        indexes = (("document_type", "document_id", "id"),)
