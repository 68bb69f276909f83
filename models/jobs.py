"""The table of background jobs."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from models.tables.fields import Row


class Job(Row):
    """Work to do after a commit, such as a refund at a payment provider.

    A worker claims a job by setting `locked_until`; the claim of a crashed worker expires.
    """

    kind = fields.CharField(max_length=40)
    payload = fields.JSONField[dict[str, Any]]()
    run_at = fields.DatetimeField(db_index=True)
    attempts = fields.IntField(default=0)
    locked_until = fields.DatetimeField(null=True)
    last_error = fields.TextField(null=True)

    class Meta:
        table = "job"
