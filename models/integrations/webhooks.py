from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row, choice, never_negative, reference


class DeliveryStatus(StrEnum):
    QUEUED = "QUEUED"
    DELIVERED = "DELIVERED"
    RETRYING = "RETRYING"
    DEAD = "DEAD"


class Webhook(Row):
    """An address that is told of changes below `organisation`; `sequence` is the last it was given.

    Its secret is derived from the server's key and `salt`; after a rotation the one before is good until
    `previous_until`. A worker that sends holds `claim` until `locked_until`. While the receiver
    fails, `failing_since` is set and nothing is sent before `resume_at`. `delivered` and `failed` count
    attempts since ever, `dead` the messages that were given up.
    """

    organisation = reference("Organisation")
    url = fields.CharField(max_length=500)
    topics = fields.JSONField[list[str]]()
    active = fields.BooleanField(default=True)
    salt = fields.CharField(max_length=64)
    previous_salt = fields.CharField(max_length=64, null=True)
    previous_until = fields.DatetimeField(null=True)
    sequence = fields.BigIntField()
    failures = fields.IntField(default=0)
    delivered = fields.BigIntField(default=0, db_default=0)
    failed = fields.BigIntField(default=0, db_default=0)
    dead = fields.BigIntField(default=0, db_default=0)
    failing_since = fields.DatetimeField(null=True)
    resume_at = fields.DatetimeField(null=True)
    last_error = fields.CharField(max_length=300, null=True)
    claim = fields.CharField(max_length=40, null=True)
    locked_until = fields.DatetimeField(null=True)

    organisation_id: int

    class Meta:
        table = "webhook"
        constraints = never_negative("webhook", "sequence", "failures")


class WebhookDelivery(Row):
    """One change for one webhook, and what became of it; `body` is sent byte for byte.

    `traceparent` is the trace that the change was made in.
    """

    webhook = reference("Webhook")
    sequence = fields.BigIntField()
    topic = fields.CharField(max_length=40)
    node = fields.CharField(max_length=64)
    body = fields.TextField()
    status = choice(DeliveryStatus)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    response_status = fields.IntField(null=True)
    last_error = fields.CharField(max_length=300, null=True)
    delivered_at = fields.DatetimeField(null=True)
    traceparent = fields.CharField(max_length=64, null=True)

    webhook_id: int

    class Meta:
        table = "webhook_delivery"
        unique_together = (("webhook_id", "sequence"),)
        indexes = (("webhook_id", "next_attempt_at"),)
        constraints = never_negative("webhook_delivery", "attempts")
