"""Working through files of bulk operations: a chunk of rows a transaction, its progress in the same one.

A worker that is killed lets its claim run out; the next goes on behind the last chunk that was committed,
so each row is done exactly once. Rows are done in the order of the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import structlog

from models.database import execute, fetch, is_postgres, transaction
from models.errors import InvalidInput, QuintetError, Refusal
from models.integrations.bulk import BulkKind, BulkOperation, BulkStatus
from resolvers.accounts.identity import actor_by_id
from resolvers.context import ActorKind, Context
from resolvers.integrations.bulk.chunks import Chunk, next_chunk, send
from resolvers.integrations.bulk.kinds import KINDS, Kind
from resolvers.integrations.bulk.storage import (
    Say,
    converted_of,
    lines_of,
    remove_partial,
    source_of,
    write_results,
)
from resolvers.integrations.files.csv_files import CsvRow, UnreadableFile
from resolvers.integrations.files.file_forms import FileEncoding, FileNote, readable
from resolvers.integrations.files.reports import RowResult
from resolvers.integrations.files.row_files import RowFile, count_rows
from resolvers.integrations.files.stopping import Stop, Stopped, in_thread
from settings import Settings

CLAIM = timedelta(minutes=2)
WARNED = FileNote("Some rows have warnings: see the results.")
# From what a line of JSON says to what the use case takes. Raises: Refusal.
ReadJson = Callable[[BulkKind, Any], Any]
# An error in a language.
Translate = Callable[[QuintetError, str], str]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """One worker's run of an operation, with the rights of whoever asked for it and in their language."""

    ctx: Context
    operation: BulkOperation
    kind: Kind
    say: Say


class _Rehearsed(Exception):
    def __init__(self, results: Sequence[RowResult], counts: tuple[int, int]) -> None:
        super().__init__("rolled back")
        self.results = results
        self.counts = counts


async def run_due(ctx: Context, read_json: ReadJson, translate: Translate) -> int:
    """Work through one operation that waits; answers how many there were."""
    operation = await transaction(_claim, ctx)
    if operation is None:
        return 0
    try:
        with ctx.gateways.traces.span(f"file {operation.kind}", None):
            await run(ctx, operation, read_json, lambda error: translate(error, operation.language))
    except Stopped:
        await transaction(_cancelled, ctx, operation)
    except asyncio.CancelledError:
        # The worker is being stopped: the next one need not wait.
        await transaction(_let_go, operation)
        raise
    return 1


async def run(ctx: Context, operation: BulkOperation, read_json: ReadJson, say: Say) -> None:
    """Raises: Stopped."""
    try:
        kind, roles = ActorKind(operation.actor_kind), ctx.settings.roles_with_second_factor
        actor = await actor_by_id(kind, operation.actor_id, roles)
        merchant_id = operation.merchant_id
        own = replace(ctx, actor=actor.within(merchant_id), merchant_id=merchant_id, memory={})
        if operation.rows_total is None:
            work = partial(_make_readable, ctx.settings, operation, say)
            await in_thread(work, partial(transaction, _keep, ctx, operation))
        await _passes(Run(own, operation, KINDS[operation.kind], say), read_json)
    except Stopped:
        raise
    except UnreadableFile as error:
        line = InvalidInput("Line {line}: {problem}", line=error.line, problem=say(error))
        await _fail(ctx, operation, say(line))
    except QuintetError as error:
        await _fail(ctx, operation, say(error))
    except Exception as error:
        log.exception("bulk operation failed", operation=operation.id)
        ours = InvalidInput("Something went wrong on our side: {kind}.", kind=type(error).__name__)
        await _fail(ctx, operation, say(ours))


def _make_readable(settings: Settings, operation: BulkOperation, say: Say, stop: Stop) -> None:
    """Convert the file where its form asks for it, and count its rows. Raises: UnreadableFile, Stopped."""
    remove_partial(settings, operation)
    encoding = FileEncoding(operation.encoding) if operation.encoding else None
    converted = converted_of(settings, operation)
    found = readable(source_of(settings, operation), operation.format, converted, encoding, stop)
    operation.notes = [say(note) for note in found.notes]
    operation.rows_total = count_rows(found.path, operation.format, stop)


async def _passes(run: Run, read_json: ReadJson) -> None:
    """The rehearsal, where it needs one, and the thing itself. Raises: Stopped, UnreadableFile."""
    operation = run.operation
    if operation.status is BulkStatus.CHECKING:
        await _pass(run, read_json)
        if operation.rows_failed or operation.dry_run:
            await _end(run)
            return
        await transaction(_begin_anew, operation)
    await _pass(run, read_json)
    await _end(run)


async def _pass(run: Run, read_json: ReadJson) -> None:
    """All rows from where it stands to the end of the file."""
    operation, kind = run.operation, run.kind
    place = (operation.offset, operation.line)
    file = RowFile(
        lines_of(run.ctx.settings, operation), operation.format, kind.columns, kind.known, *place
    )
    read = partial(draft_of_row, kind, operation.kind, read_json)
    try:
        while (chunk := await next_chunk(run.ctx, file, kind, read)).rows:
            await _do(run, chunk)
    finally:
        file.close()


def draft_of_row(kind: Kind, name: BulkKind, read_json: ReadJson, value: Any) -> Any:
    """Return what the use case takes. Raises: Refusal for a row that cannot be read."""
    if isinstance(value, Refusal):
        raise value
    return kind.draft(value) if isinstance(value, CsvRow) else read_json(name, value)


async def _do(run: Run, chunk: Chunk) -> None:
    """One chunk in one transaction; a rehearsal keeps nothing of it but what it found. Raises: Stopped."""
    rehearses = run.operation.status is BulkStatus.CHECKING
    try:
        done = await transaction(_do_chunk, run, chunk, rehearses)
    except _Rehearsed as rehearsed:
        done = await transaction(record_progress, run, chunk, rehearsed.results, rehearsed.counts)
    for name, value in done.items():
        setattr(run.operation, name, value)


async def _do_chunk(run: Run, chunk: Chunk, rehearses: bool) -> dict[str, Any]:
    results = list(chunk.unread)
    counts = (0, 0)
    if chunk.entries:
        key = f"bulk-{run.operation.id}-{chunk.rows[0].line}"
        sent = await send(run.ctx, run.kind, chunk.entries, key)
        results += sent.results
        counts = (sent.created, sent.updated)
    results.sort(key=lambda result: result.line)
    if rehearses:
        raise _Rehearsed(results, counts)
    failed = [result for result in results if result.refusals]
    if failed and run.operation.all_or_nothing:
        # It passed the rehearsal: something else has changed meanwhile.
        raise failed[0].refusals[0]
    return await record_progress(run, chunk, results, counts)


async def record_progress(
    run: Run, chunk: Chunk, results: Sequence[RowResult], counts: tuple[int, int]
) -> dict[str, Any]:
    """Write down how far it is, in the database and the files. Raises: Stopped."""
    operation, settings = run.operation, run.ctx.settings
    written = await asyncio.to_thread(write_results, settings, operation, results, run.say)
    notes = operation.notes or []
    if any(each.warnings for each in results) and (note := run.say(WARNED)) not in notes:
        notes = [*notes, note]
    changes = {
        "rows_done": operation.rows_done + len(results),
        "rows_failed": operation.rows_failed + sum(bool(each.refusals) for each in results),
        "created": operation.created + counts[0],
        "updated": operation.updated + counts[1],
        "offset": chunk.rows[-1].end,
        "line": chunk.rows[-1].line,
        "result_bytes": written[0],
        "error_bytes": written[1],
        "rows_total": operation.rows_total,
        "notes": notes,
        "locked_until": run.ctx.now() + CLAIM,
    }
    held = BulkOperation.filter(id=operation.id, claim=operation.claim, cancel_asked=False)
    if not await held.update(**changes):
        raise Stopped
    return changes


async def _claim(ctx: Context) -> BulkOperation | None:
    skip = " FOR UPDATE SKIP LOCKED" if is_postgres() else ""
    now = ctx.now()
    await execute(
        "UPDATE bulk_operation SET status = 'CANCELLED', finished_at = ? WHERE cancel_asked"
        " AND status IN ('CHECKING', 'RUNNING') AND locked_until <= ?",
        now,
        now,
    )
    claimed = await fetch(
        "UPDATE bulk_operation SET claim = ?, locked_until = ?,"
        " started_at = COALESCE(started_at, ?), status = CASE WHEN status <> 'QUEUED' THEN status"
        " WHEN dry_run OR all_or_nothing THEN 'CHECKING' ELSE 'RUNNING' END"
        " WHERE id IN (SELECT id FROM bulk_operation"
        " WHERE status IN ('QUEUED', 'CHECKING', 'RUNNING')"
        f" AND (locked_until IS NULL OR locked_until <= ?) ORDER BY id LIMIT 1{skip}) RETURNING id",
        uuid4().hex,
        now + CLAIM,
        now,
        now,
    )
    return await BulkOperation.get(id=claimed[0]["id"]) if claimed else None


async def _keep(ctx: Context, operation: BulkOperation) -> None:
    """Hold the claim for as long again. Raises: Stopped."""
    held = BulkOperation.filter(id=operation.id, claim=operation.claim, cancel_asked=False)
    if not await held.update(locked_until=ctx.now() + CLAIM):
        raise Stopped


async def _cancelled(ctx: Context, operation: BulkOperation) -> None:
    held = BulkOperation.filter(id=operation.id, claim=operation.claim, cancel_asked=True)
    await held.update(status=BulkStatus.CANCELLED, finished_at=ctx.now(), locked_until=None)


async def _let_go(operation: BulkOperation) -> None:
    await BulkOperation.filter(id=operation.id, claim=operation.claim).update(locked_until=None)


async def _begin_anew(operation: BulkOperation) -> None:
    """From the rehearsal to the thing itself. Raises: Stopped."""
    changes: dict[str, Any] = dict.fromkeys(
        ("rows_done", "created", "updated", "offset", "line", "result_bytes", "error_bytes"), 0
    )
    changes["status"] = BulkStatus.RUNNING
    held = BulkOperation.filter(id=operation.id, claim=operation.claim, cancel_asked=False)
    if not await held.update(**changes):
        raise Stopped
    operation.update_from_dict(changes)


async def _end(run: Run) -> None:
    operation = run.operation
    if operation.rows_failed and operation.all_or_nothing and not operation.dry_run:
        refused = InvalidInput("Some rows are faulty, so nothing was done.")
        await _fail(run.ctx, operation, run.say(refused))
    else:
        await _finish(run.ctx, operation, BulkStatus.COMPLETED, None)


async def _fail(ctx: Context, operation: BulkOperation, error: str) -> None:
    await _finish(ctx, operation, BulkStatus.FAILED, error[:500])


async def _finish(
    ctx: Context, operation: BulkOperation, status: BulkStatus, error: str | None
) -> None:
    async def write() -> None:
        held = BulkOperation.filter(id=operation.id, claim=operation.claim)
        await held.update(
            status=status,
            error=error,
            finished_at=ctx.now(),
            rows_total=operation.rows_done if error is None else operation.rows_total,
            locked_until=None,
        )

    await transaction(write)
