"""The table of bulk operations."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row, choice, never_negative


class BulkKind(StrEnum):
    CATALOG = "CATALOG"
    PRICES = "PRICES"
    STOCK = "STOCK"
    STORES = "STORES"


class BulkStatus(StrEnum):
    """The states of a bulk operation.

    If one fault must stop all rows, CHECKING validates every row before RUNNING.
    """

    QUEUED = "QUEUED"
    CHECKING = "CHECKING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class BulkFormat(StrEnum):
    CSV = "CSV"
    JSONL = "JSONL"
    XLSX = "XLSX"


class BulkOperation(Row):
    """A file of rows that a worker processes, one chunk in each transaction.

    `offset` and `line` are where the next chunk begins in the file. `result_bytes` and `error_bytes` are
    the committed lengths of the result files; anything after them was never committed. Errors are written
    in the `language` of the caller. `notes` say what was assumed about the file, such as its `encoding` if
    none was given.
    """

    kind = choice(BulkKind)
    status = choice(BulkStatus)
    format = choice(BulkFormat)
    all_or_nothing = fields.BooleanField()
    dry_run = fields.BooleanField()
    encoding = fields.CharField(max_length=8, null=True)
    notes = fields.JSONField[list[str]](null=True)
    language = fields.CharField(max_length=8, default="en", db_default="en")
    merchant_id = fields.BigIntField(null=True)
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    file = fields.CharField(max_length=64)
    file_name = fields.CharField(max_length=200)
    file_bytes = fields.BigIntField()
    rows_total = fields.BigIntField(null=True)
    rows_done = fields.BigIntField(default=0)
    rows_failed = fields.BigIntField(default=0)
    created = fields.BigIntField(default=0)
    updated = fields.BigIntField(default=0)
    offset = fields.BigIntField(default=0)
    line = fields.BigIntField(default=0)
    result_bytes = fields.BigIntField(default=0)
    error_bytes = fields.BigIntField(default=0)
    cancel_asked = fields.BooleanField(default=False)
    error = fields.CharField(max_length=500, null=True)
    claim = fields.CharField(max_length=40, null=True)
    locked_until = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bulk_operation"
        indexes = (("actor_kind", "actor_id"), ("status", "locked_until"))
        constraints = never_negative(
            "bulk_operation",
            *("rows_done", "rows_failed", "offset", "result_bytes", "error_bytes"),
        )
