"""Where files of bulk operations lie, in a folder of the settings: what was uploaded, what came of it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

import orjson

from models.errors import QuintetError
from models.integrations.bulk import BulkOperation
from resolvers.integrations.files.file_forms import PARTIAL
from resolvers.integrations.files.reports import RowResult
from resolvers.private_files import private_file, private_folder
from settings import Settings

# What is wrong, in the language of whoever asked for the operation.
Say = Callable[[QuintetError], str]
ERROR_COLUMNS = ("line", "code", "error", "field", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came with a request; whoever wants to keep it moves it away before the answer."""

    path: Path
    name: str
    size: int
    sha256: str


def incoming(settings: Settings) -> Path:
    """Where uploads are written while they come in."""
    return _made(settings, "incoming")


def source_of(settings: Settings, operation: BulkOperation) -> Path:
    return _made(settings, "bulk") / operation.file


def converted_of(settings: Settings, operation: BulkOperation) -> Path:
    """Where the lines of a file are that is not UTF-8 itself: see `file_forms`."""
    return source_of(settings, operation).with_suffix(".lines")


def lines_of(settings: Settings, operation: BulkOperation) -> Path:
    """The file that is read row by row."""
    converted = converted_of(settings, operation)
    return converted if converted.exists() else source_of(settings, operation)


def results_of(settings: Settings, operation: BulkOperation) -> Path:
    """Every row, as JSON lines."""
    return source_of(settings, operation).with_suffix(".results.jsonl")


def errors_of(settings: Settings, operation: BulkOperation) -> Path:
    """The rows that failed, as CSV."""
    return source_of(settings, operation).with_suffix(".errors.csv")


def write_results(
    settings: Settings, operation: BulkOperation, rows: Sequence[RowResult], say: Say
) -> tuple[int, int]:
    """Write behind what is certain, in place of what was never committed; answers both new lengths."""
    lines = b"".join(orjson.dumps(_told(row, say)) + b"\n" for row in rows)
    failed = [row for row in rows if row.refusals]
    header = operation.error_bytes == 0
    return (
        _write_at(results_of(settings, operation), operation.result_bytes, lines),
        _write_at(errors_of(settings, operation), operation.error_bytes, _csv(failed, say, header)),
    )


def remove(settings: Settings, operation: BulkOperation) -> None:
    remove_partial(settings, operation)
    for path in (
        source_of(settings, operation),
        converted_of(settings, operation),
        results_of(settings, operation),
        errors_of(settings, operation),
    ):
        path.unlink(missing_ok=True)


def remove_partial(settings: Settings, operation: BulkOperation) -> None:
    """What conversions left that never ended, such as of a process that was killed."""
    converted = converted_of(settings, operation)
    for path in converted.parent.glob(f"{converted.name}.*{PARTIAL}"):
        path.unlink(missing_ok=True)


def remove_stale_uploads(settings: Settings, seconds: float) -> int:
    """Uploads whose request never ended, such as of a process that was killed."""
    folder = Path(settings.files_folder) / "incoming"
    found = folder.iterdir() if folder.exists() else ()
    stale = [path for path in found if path.stat().st_mtime < time() - seconds]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _write_at(path: Path, offset: int, content: bytes) -> int:
    # Only the server's user may read it, as what was uploaded.
    with os.fdopen(private_file(path, os.O_RDWR | os.O_CREAT), "r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(content)
    return offset + len(content)


def _told(row: RowResult, say: Say) -> dict[str, Any]:
    told: dict[str, Any] = {"line": row.line, "code": row.code, "ok": not row.refusals}
    if row.refusals:
        told["errors"] = [
            {"code": each.code, "field": row.field_of(each), "message": say(each)}
            for each in row.refusals
        ]
    if row.warnings:
        told["warnings"] = [
            {"field": row.field_of(each), "message": say(each)} for each in row.warnings
        ]
    return told


def _csv(rows: Sequence[RowResult], say: Say, header: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(ERROR_COLUMNS)
    for row in rows:
        for each in row.refusals:
            cells = [str(row.line), row.code, each.code, row.field_of(each), say(each)]
            writer.writerow([_harmless(cell) for cell in cells])
    # Excel takes a file for UTF-8 by its mark alone.
    return text.getvalue().encode("utf-8-sig" if header else "utf-8")


def _harmless(cell: str) -> str:
    """A spreadsheet must not take what somebody else wrote for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _made(settings: Settings, name: str) -> Path:
    """A folder in that of files; either is made for the server's user alone."""
    return private_folder(Path(settings.files_folder) / name)
