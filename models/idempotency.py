"""The table of idempotency keys."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from models.tables.fields import Row


class IdempotencyRecord(Row):
    """The stored result for a caller's key, so that a repeated request changes nothing.

    `scope` is caller and operation (`"MEMBER:7 checkoutPlace"`), `fingerprint` the input's SHA-256.
    """

    scope = fields.CharField(max_length=100)
    key = fields.CharField(max_length=128)
    fingerprint = fields.CharField(max_length=64)
    answer = fields.JSONField[Any](null=True)

    class Meta:
        table = "idempotency_record"
        unique_together = (("scope", "key"),)
