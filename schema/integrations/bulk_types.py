from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta

import strawberry

from models.bounds import BULK_NOTES
from models.integrations.bulk import BulkFormat, BulkKind, BulkStatus
from models.integrations.bulk import BulkOperation as BulkRow
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.integrations.bulk import operations as bulk_operations
from resolvers.integrations.bulk.operations import BulkDraft
from resolvers.integrations.bulk.storage import UploadedFile
from resolvers.integrations.files.file_forms import FileEncoding
from schema.browser.downloads import signed_link
from schema.cost.directives import sized_list
from schema.errors import UserError
from schema.info import Info
from schema.nodes.nodes import Node, global_id
from schema.scalars import BigInt, Upload

strawberry.enum(BulkKind, description="What the rows of a file are.")
strawberry.enum(
    BulkFormat,
    description="CSV with a header, JSON lines, or the first sheet of an XLSX file with a header.",
)
strawberry.enum(
    FileEncoding, description="How the text of a file is written. GB18030 includes GBK and GB 2312."
)
strawberry.enum(BulkStatus, description="CHECKING rehearses all rows before any is done.")
LINK_LIFE = timedelta(hours=1)


@strawberry.type(description="A large file of rows that is worked through in the background.")
class BulkOperation(Node):
    id: strawberry.ID
    kind: BulkKind
    status: BulkStatus
    format: BulkFormat
    on_error: OnError
    dry_run: bool
    file_name: str
    file_bytes: BigInt
    rows_total: BigInt | None = strawberry.field(
        description="By the lines of the file; exact at the end."
    )
    rows_done: BigInt = strawberry.field(description="Rows dealt with, the failed among them.")
    rows_failed: BigInt
    created: BigInt
    updated: BigInt
    notes: list[str] = sized_list(
        BULK_NOTES,
        description="What was assumed of the file, such as its encoding, and that rows have warnings.",
    )
    error: str | None = strawberry.field(
        description="Why it failed as a whole; null where it did not."
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    row: strawberry.Private[BulkRow]

    @strawberry.field(
        description="What came of each row, as JSON lines, by a link for an hour; null while there is none."
    )
    def results_url(self, info: Info) -> str | None:
        return signed_link(info.context, self.row, "results.jsonl", LINK_LIFE)

    @strawberry.field(
        description="The rows that failed, as CSV, by a link for an hour; null while none did."
    )
    def errors_url(self, info: Info) -> str | None:
        return signed_link(info.context, self.row, "errors.csv", LINK_LIFE)

    @classmethod
    def of(cls, row: BulkRow) -> BulkOperation:
        return cls(
            id=global_id("BulkOperation", row.id),
            kind=row.kind,
            status=row.status,
            format=row.format,
            on_error=OnError.REJECT_ALL if row.all_or_nothing else OnError.SKIP_FAILED,
            dry_run=row.dry_run,
            file_name=row.file_name,
            file_bytes=BigInt(row.file_bytes),
            rows_total=None if row.rows_total is None else BigInt(row.rows_total),
            rows_done=BigInt(row.rows_done),
            rows_failed=BigInt(row.rows_failed),
            created=BigInt(row.created),
            updated=BigInt(row.updated),
            notes=[*BULK_NOTES.cut(row.notes or [])],
            error=row.error,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[BulkOperation | None]:
        found = await bulk_operations.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.input
class BulkOperationCreateInput:
    kind: BulkKind
    file: Upload
    idempotency_key: str
    format: BulkFormat | None = strawberry.field(
        default=None,
        description="Left out: by the file's content and its name, .csv, .xlsx or .jsonl.",
    )
    on_error: OnError = strawberry.field(
        default=OnError.SKIP_FAILED,
        description="With REJECT_ALL every row is rehearsed first, and one fault stops them all.",
    )
    dry_run: bool = False
    encoding: FileEncoding | None = strawberry.field(
        default=None, description="Left out: guessed, and a guess that is not certain is noted."
    )

    def draft(self) -> BulkDraft:
        assert isinstance(self.file, UploadedFile)  # noqa: S101 - the scalar takes nothing else
        return BulkDraft(
            kind=self.kind,
            file=self.file,
            form=self.format,
            on_error=self.on_error,
            dry_run=self.dry_run,
            idempotency_key=self.idempotency_key,
            encoding=self.encoding,
        )


@strawberry.input
class BulkOperationCancelInput:
    bulk_operation_id: strawberry.ID


@strawberry.type
class BulkOperationPayload:
    bulk_operation: BulkOperation | None = None
    user_errors: list[UserError] = field(default_factory=list)
