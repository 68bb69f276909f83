"""Files of rows read bit by bit, from any row on: a table with a header, or JSON, one row a line.

Memory holds one chunk, whatever the size of the file. A row that cannot be read fails by itself.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from models.errors import InvalidInput
from models.integrations.bulk import BulkFormat
from resolvers.integrations.files import headers
from resolvers.integrations.files.csv_files import CsvRow, UnreadableFile
from resolvers.integrations.files.stopping import Stop
from resolvers.validation import LONGEST_TEXT, is_deep, is_overlong, storable

LONGEST_LINE = 1_000_000
LINES_A_ROW = 1_000
CHUNK_BYTES = 4_000_000
# What a quote that is never closed hides is read once more; so much of a file at most.
READ_AGAIN_BYTES = 16_000_000
_MARK = b"\xef\xbb\xbf"
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)
# 6.92425E+12: digits are lost, so nothing can be found by it.
_SHORTENED = re.compile(r"\d[.,]?\d*E\+\d+", re.IGNORECASE)
_IDENTIFIERS = ("code", "location_code", "sku", "gtin", "phone")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: `value` is a CsvRow, what JSON says, or what is wrong with it."""

    line: int
    value: Any
    end: int  # the offset of the row after it


class RowFile:
    """Reads on from `offset`, where `line` lines lie behind; at the start of a table is its header."""

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
        self._delimiter = ","
        self._start = (offset, line)
        self._waiting: list[FileRow] = []
        self._rows = self._read()

    def rows(self, limit: int) -> list[FileRow]:
        """The next rows, in order: fewer where they are long. Raises: UnreadableFile."""
        found = self._waiting[:limit]
        del self._waiting[: len(found)]
        while len(found) < limit and not _is_much(found) and (row := next(self._rows, None)):
            found.append(row)
        return found

    def put_back(self, rows: Sequence[FileRow]) -> None:
        """Rows that are to come first the next time."""
        self._waiting[:0] = rows

    def close(self) -> None:
        self._file.close()

    def _read(self) -> Iterator[FileRow]:
        offset, line = self._start
        if self._form is not BulkFormat.JSONL:
            self._read_header()
        if offset:
            self._lines.go_to(offset, line)
        if self._form is BulkFormat.JSONL:
            yield from self._json_rows()
        else:
            yield from self._table_rows()

    def _read_header(self) -> None:
        cells: list[str] | InvalidInput
        if self._form is BulkFormat.XLSX:
            cells = next(self._sheet_cells(), [])
        else:
            first = self._lines.first()
            if declared := headers.declared_delimiter(first):
                self._delimiter, first = declared, self._lines.first()
            else:
                self._delimiter = headers.delimiter_of(first)
            cells = next(self._csv_cells(first), [])
        if isinstance(cells, InvalidInput) or any(_UNREADABLE in cell for cell in cells):
            raise UnreadableFile(1, "The header cannot be read: save the file as UTF-8.")
        self._header = headers.columns_of(cells, *self._columns)

    def _table_rows(self) -> Iterator[FileRow]:
        rows = self._sheet_cells() if self._form is BulkFormat.XLSX else self._csv_cells()
        for cells in rows:
            line, offset = self._lines.line, self._lines.offset
            value = cells if isinstance(cells, InvalidInput) else self._row(line, cells)
            if value is not None:
                yield FileRow(line, value, offset)

    def _row(self, line: int, cells: Sequence[str]) -> CsvRow | InvalidInput | None:
        """The row, what is wrong with it, or None for a blank one."""
        if any(cell.strip() for cell in cells[len(self._header) :]):
            return InvalidInput("There are more cells than columns.")
        texts = dict(zip(self._header, map(_text, cells), strict=False))
        for column, text in texts.items():
            if fault := _fault(column, text):
                return fault
        return CsvRow(line, texts) if any(texts.values()) else None

    def _csv_cells(self, first: str | None = None) -> Iterator[list[str] | InvalidInput]:
        """Rows from `first` on. After a fault reading goes on behind the first line of the faulty row."""
        lines = self._lines
        reader = csv.reader(
            lines if first is None else chain([first], lines),
            delimiter=self._delimiter,
            strict=True,
        )
        while True:
            lines.begin_row()
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lines.leave_row()
                yield InvalidInput("This is not CSV: {error}.", error=str(error))
            except _BadLine as bad:
                lines.leave_row()
                yield bad.problem

    def _sheet_cells(self) -> Iterator[list[str]]:
        """Rows of a converted sheet, which know their numbers."""
        while text := self._lines.next_row():
            self._lines.line, *cells = orjson.loads(text)
            yield cells

    def _json_rows(self) -> Iterator[FileRow]:
        while True:
            try:
                if not (text := self._lines.next_row()):
                    return
            except _BadLine as bad:
                value: Any = bad.problem
            else:
                if not text.strip():
                    continue
                value = _json(text)
            yield FileRow(self._lines.line, value, self._lines.offset)


class _BadLine(Exception):
    """This line cannot be read; the next one can."""

    def __init__(self, problem: InvalidInput) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Lines(Iterator[str]):
    """The lines of a file in UTF-8, counted in lines and bytes; what is not UTF-8 becomes U+FFFD."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0
        self.line = 0
        self._row = (0, 0)
        self._again = 0

    def go_to(self, offset: int, line: int) -> None:
        self._file.seek(offset)
        self.offset, self.line = offset, line

    def first(self) -> str:
        """The next line, empty at the end; of the header. Raises: UnreadableFile."""
        try:
            return next(self, "")
        except _BadLine as bad:
            raise UnreadableFile(self.line, bad.problem.template, **bad.problem.parts) from None

    def next_row(self) -> str:
        """The next line, which is a row by itself; empty at the end. Raises: _BadLine."""
        self.begin_row()
        return next(self, "")

    def begin_row(self) -> None:
        self._row = (self.offset, self.line)

    def leave_row(self) -> None:
        """Go behind the first line of the row. Raises: UnreadableFile where that was done too often."""
        (offset, line), end = self._row, self.offset
        self._file.seek(offset)
        self.offset = offset + self._read_line()[1]
        self.line = line + 1
        self._again += end - self.offset
        if self._again > READ_AGAIN_BYTES:
            raise UnreadableFile(self.line, "Too many quotes are opened and not closed.")

    def __next__(self) -> str:
        if self.line - self._row[1] >= LINES_A_ROW:
            raise _BadLine(InvalidInput("A quote is opened and not closed."))
        content, length = self._read_line()
        if not length:
            raise StopIteration
        first = self.offset == 0
        self.line += 1
        self.offset += length
        if len(content) > LONGEST_LINE or self.offset - self._row[0] > LONGEST_LINE:
            raise _BadLine(
                InvalidInput("This row is longer than {maximum} bytes.", maximum=LONGEST_LINE)
            )
        return (content.removeprefix(_MARK) if first else content).decode(errors="replace")

    def _read_line(self) -> tuple[bytes, int]:
        """The start of the next line, one byte over the limit where it is longer, and its whole length."""
        content = self._file.readline(LONGEST_LINE + 1)
        length, end = len(content), content
        while length > LONGEST_LINE and end and not end.endswith(b"\n"):
            end = self._file.readline(LONGEST_LINE)
            length += len(end)
        return content, length


def count_rows(path: Path, form: BulkFormat, stop: Stop) -> int:
    """About how many rows a file has, by its lines; a cell may hold several lines. Raises: Stopped."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            stop.check()
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    return max(0, lines - (form is not BulkFormat.JSONL))


def _is_much(rows: Sequence[FileRow]) -> bool:
    return bool(rows) and rows[-1].end - rows[0].end > CHUNK_BYTES


def _text(cell: str) -> str:
    """What a cell says; `="0012"` is how Excel is told that digits are text."""
    text = cell.strip().replace("\r\n", "\n")
    found = _EXCEL_TEXT.fullmatch(text)
    return found[1].strip() if found else text


def _fault(column: str, text: str) -> InvalidInput | None:
    """What is wrong with a cell that no column can take."""
    if is_overlong(text):
        return _overlong(column)
    if not storable(text):
        return InvalidInput("This contains control characters.", path=(column,))
    if _UNREADABLE in text:
        return InvalidInput("This is not UTF-8: save the file as UTF-8.", path=(column,))
    if column in _IDENTIFIERS and _SHORTENED.fullmatch(text):
        return InvalidInput(
            "A spreadsheet has shortened this number: format the column as text.", path=(column,)
        )
    return None


def _json(text: str) -> Any:
    if _UNREADABLE in text:
        return InvalidInput("This is not UTF-8: save the file as UTF-8.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return InvalidInput("This is not JSON.")
    if is_deep(value):
        return InvalidInput("This is nested too deeply.")
    if is_overlong(value):
        return _overlong()
    return value if storable(value) else InvalidInput("This contains control characters.")


def _overlong(*path: str) -> InvalidInput:
    template = "A text has more than {maximum} characters."
    return InvalidInput(template, path=path, maximum=LONGEST_TEXT)
