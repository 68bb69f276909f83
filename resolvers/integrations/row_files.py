"""Files of rows read bit by bit, from any row on: CSV with a header line, or JSON, one row a line.

Memory holds one chunk, whatever the size of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from models.errors import InvalidInput
from models.integrations.bulk import BulkFormat
from resolvers.integrations.csv_files import CsvRow, UnreadableFile, check_header

LONGEST_LINE = 1_000_000
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: `value` is a CsvRow, what JSON says, or what is wrong with it."""

    line: int
    value: Any
    end: int  # the offset of the row after it


class RowFile:
    """Reads on from `offset`, where `line` lines lie behind; at the start of a CSV file is its header."""

    def __init__(
        self,
        path: Path,
        form: BulkFormat,
        required: Sequence[Sequence[str]],
        known: Collection[str],
        offset: int = 0,
        line: int = 0,
    ) -> None:
        self._file = path.open("rb")
        self._form = form
        self._columns = (required, known)
        self._lines = _Lines(self._file)
        self._header: list[str] = []
        self._start = (offset, line)
        self._waiting: list[FileRow] = []
        self._rows = self._read()

    def rows(self, limit: int) -> list[FileRow]:
        """The next rows, in order. Raises: UnreadableFile."""
        found = self._waiting[:limit]
        del self._waiting[: len(found)]
        while len(found) < limit and (row := next(self._rows, None)):
            found.append(row)
        return found

    def put_back(self, rows: Sequence[FileRow]) -> None:
        """Rows that are to come first the next time."""
        self._waiting[:0] = rows

    def close(self) -> None:
        self._file.close()

    def _read(self) -> Iterator[FileRow]:
        offset, line = self._start
        if self._form is BulkFormat.CSV:
            self._read_header()
        if offset:
            self._lines.go_to(offset, line)
        if self._form is BulkFormat.JSONL:
            yield from self._json_rows()
        else:
            yield from self._csv_rows()

    def _read_header(self) -> None:
        header = next(self._cells(), [])
        self._header = [name.strip().lower() for name in header]
        check_header(self._header, *self._columns)

    def _csv_rows(self) -> Iterator[FileRow]:
        for cells in self._cells():
            line = self._lines.line
            if len(cells) > len(self._header):
                raise UnreadableFile(line, "There are more cells than columns.")
            values = dict(zip(self._header, map(str.strip, cells), strict=False))
            if any(values.values()):
                yield FileRow(line, CsvRow(line, values), self._lines.offset)

    def _cells(self) -> Iterator[list[str]]:
        try:
            yield from csv.reader(self._lines, strict=True)
        except csv.Error as error:
            raise UnreadableFile(
                self._lines.line, "This is not CSV: {error}.", error=str(error)
            ) from None

    def _json_rows(self) -> Iterator[FileRow]:
        for text in self._lines:
            if text.strip():
                yield FileRow(self._lines.line, _json(text), self._lines.offset)


class _Lines(Iterator[str]):
    """The lines of a file in UTF-8, counted in lines and bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0
        self.line = 0

    def go_to(self, offset: int, line: int) -> None:
        self._file.seek(offset)
        self.offset, self.line = offset, line

    def __next__(self) -> str:
        content = self._file.readline(LONGEST_LINE + 1)
        if not content:
            raise StopIteration
        self.line += 1
        if len(content) > LONGEST_LINE:
            raise UnreadableFile(
                self.line, "This line is longer than {maximum} bytes.", maximum=LONGEST_LINE
            )
        first = self.offset == 0
        self.offset += len(content)
        try:
            return (content.removeprefix(_MARK) if first else content).decode()
        except UnicodeDecodeError:
            raise UnreadableFile(self.line, "This is not UTF-8: save the file as UTF-8.") from None


def count_rows(path: Path, form: BulkFormat) -> int:
    """About how many rows a file has, by its lines; a cell may hold several lines."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    return max(0, lines - (form is BulkFormat.CSV))


def _json(text: str) -> Any:
    if "\\u0000" in text:
        return InvalidInput("This contains control characters.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return InvalidInput("This is not JSON.")
