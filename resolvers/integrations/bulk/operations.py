"""Bulk operations: large files of rows, taken in at once and worked through by a worker."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from tortoise.queryset import QuerySet

from models.database import after_commit, transaction
from models.errors import InvalidInput, NotFound, NotSignedIn, PermissionDenied, StateConflict
from models.integrations.bulk import BulkFormat, BulkKind, BulkOperation, BulkStatus
from resolvers.bulk_rows import OnError
from resolvers.context import ActorKind, Context
from resolvers.idempotency import once
from resolvers.integrations.bulk.kinds import KINDS
from resolvers.integrations.bulk.storage import UploadedFile, source_of
from resolvers.integrations.files.file_forms import FileEncoding, form_of
from resolvers.permissions import for_anyone

ENDED = (BulkStatus.COMPLETED, BulkStatus.FAILED, BulkStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDraft:
    """`form` of None goes by the file's content and name; `encoding` of None is guessed."""

    kind: BulkKind
    file: UploadedFile
    form: BulkFormat | None
    on_error: OnError
    dry_run: bool
    idempotency_key: str
    encoding: FileEncoding | None = None


@for_anyone
async def create(ctx: Context, draft: BulkDraft) -> BulkOperation:
    """Take a file in; a worker does the rest with the rights that the caller still has by then.

    Raises: NotSignedIn, PermissionDenied, InvalidInput, IdempotencyKeyReused.
    """
    _check_rights(ctx, draft.kind)
    told = await asyncio.to_thread(form_of, draft.file.path, draft.file.name)
    form = draft.form or told
    if form is None:
        raise InvalidInput(
            "Name the file .csv, .xlsx or .jsonl, or say its format.", path=("format",)
        )
    if (form is BulkFormat.XLSX) != (told is BulkFormat.XLSX):
        raise InvalidInput("The file is not in the format {form}.", path=("format",), form=form)
    if draft.file.size == 0:
        raise InvalidInput("The file is empty.", path=("file",))
    operation = _new(ctx, draft, form)
    await asyncio.to_thread(shutil.move, draft.file.path, source_of(ctx.settings, operation))
    try:
        operation_id = await transaction(_once, ctx, draft, operation)
    except BaseException:
        source_of(ctx.settings, operation).unlink(missing_ok=True)
        raise
    found = await BulkOperation.get(id=operation_id)
    if found.file != operation.file:  # asked for before, with the same key
        source_of(ctx.settings, operation).unlink(missing_ok=True)
    return found


@for_anyone
async def cancel(ctx: Context, operation_id: int) -> BulkOperation:
    """Stop after the chunk that is running; rows that are done stay done.

    Raises: NotFound, StateConflict when it has ended.
    """

    async def ask() -> BulkOperation:
        query = own(ctx).filter(id=operation_id).select_for_update()
        if (operation := await query.first()) is None:
            raise NotFound("There is no such bulk operation.", path=("bulkOperationId",))
        if operation.status in ENDED:
            raise StateConflict("The bulk operation has ended.", state=operation.status)
        operation.cancel_asked = True
        if operation.status is BulkStatus.QUEUED:
            operation.status, operation.finished_at = BulkStatus.CANCELLED, ctx.now()
        await operation.save(update_fields=["cancel_asked", "status", "finished_at"])
        return operation

    return await transaction(ask)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, BulkOperation]:
    """The caller's own among these."""
    return {operation.id: operation for operation in await own(ctx).filter(id__in=ids)}


def own(ctx: Context) -> QuerySet[BulkOperation]:
    """What the caller asked for themself."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return BulkOperation.all()
    return BulkOperation.filter(actor_kind=str(ctx.actor.kind), actor_id=ctx.actor.id or 0)


def _check_rights(ctx: Context, kind: BulkKind) -> None:
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    permission = KINDS[kind].permission
    if permission not in ctx.actor.permissions:
        raise PermissionDenied("This needs the permission {permission}.", permission=permission)


def _new(ctx: Context, draft: BulkDraft, form: BulkFormat) -> BulkOperation:
    rejects = draft.on_error is OnError.REJECT_ALL
    return BulkOperation(
        kind=draft.kind,
        status=BulkStatus.QUEUED,
        format=form,
        all_or_nothing=rejects,
        dry_run=draft.dry_run,
        language=ctx.language,
        merchant_id=ctx.merchant_id,
        actor_kind=str(ctx.actor.kind),
        actor_id=ctx.actor.id,
        file=uuid4().hex,
        file_name=draft.file.name[:200],
        file_bytes=draft.file.size,
        encoding=draft.encoding,
    )


async def _once(ctx: Context, draft: BulkDraft, operation: BulkOperation) -> int:
    async def work() -> int:
        await operation.save(force_create=True)
        after_commit(ctx.gateways.bus.wake)
        return operation.id

    given = [draft.kind, draft.file.sha256, draft.on_error, draft.dry_run, operation.format]
    given += [draft.encoding] if draft.encoding else []
    found: int = await once(ctx, "bulkOperationCreate", draft.idempotency_key, given, work)
    return found
