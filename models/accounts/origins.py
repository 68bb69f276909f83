"""The table of addresses and devices that users have signed in from."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row


class KnownOrigin(Row):
    """An address or device of an earlier sign-in. Both columns are keyed hashes."""

    subject = fields.CharField(max_length=64)
    origin = fields.CharField(max_length=64)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "known_origin"
        unique_together = (("subject", "origin"),)
