from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row


class KnownOrigin(Row):
    """An address or device that somebody has signed in from; both kept as keyed hashes only."""

    subject = fields.CharField(max_length=64)
    origin = fields.CharField(max_length=64)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "known_origin"
        unique_together = (("subject", "origin"),)
