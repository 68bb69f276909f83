"""Tables of webhooks and their deliveries."""

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
    """A URL that receives changes below `organisation`; `sequence` is the latest change queued for it.

    The secret is derived from the server's key and `salt`. After a rotation the previous secret stays valid
    until `previous_until`. A worker that delivers holds `claim` until `locked_until`. While the receiver
    fails, `failing_since` is set and nothing is sent before `resume_at`. `delivered` and `failed` count all
    attempts, `dead` the messages that were given up.
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
    """One change for one webhook and its delivery status; `body` is sent byte for byte.

    `traceparent` is the trace in which the change was made.
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
