"""Import files from the command line by the same reader, order and use cases as bulk operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from models.integrations.bulk import BulkFormat, BulkKind
from resolvers.context import Context
from resolvers.integrations.bulk.chunks import next_chunk, send
from resolvers.integrations.bulk.kinds import KINDS, Kind
from resolvers.integrations.bulk.running import ReadJson, draft_of_row
from resolvers.integrations.files import row_completion
from resolvers.integrations.files.csv_files import UnreadableFile
from resolvers.integrations.files.file_forms import FileEncoding, Readable, form_of, readable
from resolvers.integrations.files.reports import ImportReport
from resolvers.integrations.files.row_files import RowFile, count_rows
from resolvers.integrations.files.stopping import Stop, in_thread

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file of rows; `encoding` of None is guessed. `demo`: new products without a price get one."""

    path: Path
    kind: BulkKind
    encoding: FileEncoding | None = None
    demo: bool = False


async def import_file(
    ctx: Context, file: ImportFile, read_json: ReadJson, progress: Progress
) -> ImportReport:
    """Do the sound rows of a file in their order; the report names the others.

    `progress` is called with the rows done and their total.
    """
    report = ImportReport()
    kind = KINDS[file.kind]
    if file.demo and file.kind is BulkKind.CATALOG:
        kind = replace(kind, complete=row_completion.demo_prices)
    try:
        with TemporaryDirectory() as folder:
            form, found, total = await in_thread(partial(_made_readable, file, Path(folder)))
            report.notes += map(str, found.notes)
            rows = RowFile(found.path, form, kind.columns, kind.known)
            try:
                await _send(
                    ctx,
                    rows,
                    kind,
                    partial(draft_of_row, kind, file.kind, read_json),
                    report,
                    lambda done: progress(done, max(done, total)),
                )
            finally:
                rows.close()
    except OSError as error:
        report.ended = (0, f"{file.path} cannot be read: {error.strerror}.")
    except UnreadableFile as error:
        report.ended = (error.line, str(error))
    return report


def _made_readable(file: ImportFile, folder: Path, stop: Stop) -> tuple[BulkFormat, Readable, int]:
    """Return the file's form, its lines and about how many rows they are. Raises: UnreadableFile, Stopped."""
    if not file.path.stat().st_size:
        raise UnreadableFile(0, "The file is empty.")
    form = form_of(file.path, file.path.name) or BulkFormat.CSV
    found = readable(file.path, form, folder / "rows.lines", file.encoding, stop)
    return form, found, count_rows(found.path, form, stop)


async def _send(
    ctx: Context,
    file: RowFile,
    kind: Kind,
    read: Callable[[object], object],
    report: ImportReport,
    progress: Callable[[int], object],
) -> None:
    """Raises: UnreadableFile."""
    done = 0
    progress(done)
    while (chunk := await next_chunk(ctx, file, kind, read)).rows:
        results = list(chunk.unread)
        if chunk.entries:
            sent = await send(ctx, kind, chunk.entries, f"import-{uuid4()}")
            results += sent.results
            report.created += sent.created
            report.updated += sent.updated
            report.unchanged += sent.unchanged
        report.add(sorted(results, key=lambda result: result.line))
        done += len(results)
        progress(done)
