"""The first sheet of an XLSX file as lines: the number of a row and its cells, as a JSON array."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import orjson

from models.errors import QuintetError
from resolvers.integrations.files.archives import Archive, XmlReader, tell
from resolvers.integrations.files.csv_files import UnreadableFile
from resolvers.integrations.files.headers import COLUMNS
from resolvers.integrations.files.row_files import LONGEST_LINE
from resolvers.integrations.files.stopping import Stop, Stopped
from resolvers.integrations.files.workbooks import (
    CELL_CHARACTERS,
    CellText,
    Workbook,
    read_workbook,
)

SHEET_BYTES = 1_000_000_000
CONVERTED_BYTES = 500_000_000
SHEET_ROWS = 1_048_576  # as many as Excel has
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DIGITS = re.compile(r"[+-]?[0-9]+")
_LARGEST_WHOLE = 1e15
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?(E[+-]?[0-9]{1,3})?", re.IGNORECASE)


def sheet_lines(path: Path, stop: Stop) -> Iterator[bytes]:
    """Rows without text are left out. Raises: UnreadableFile, Stopped."""
    left = CONVERTED_BYTES
    try:
        for line in _lines(path, stop):
            left -= len(line)
            if left < 0:
                raise UnreadableFile(0, "This XLSX file is too large: save it as CSV.")
            yield line
    except (QuintetError, Stopped):
        raise
    except Exception as error:
        raise UnreadableFile(
            0, "This is not an XLSX file that can be read: {error}.", error=type(error).__name__
        ) from error


def _lines(path: Path, stop: Stop) -> Iterator[bytes]:
    with Archive(path, stop) as archive:
        book = read_workbook(archive)
        sheet = _Sheet(book)
        for _ in tell(sheet, archive.blocks(book.sheet, SHEET_BYTES)):
            yield from sheet.lines
            sheet.lines.clear()


class _Sheet(XmlReader):
    """Gathers rows with text. The first is the header: of what is behind its last cell one cell is kept."""

    def __init__(self, book: Workbook) -> None:
        self.lines: list[bytes] = []
        self._book = book
        self._text = CellText()
        self._row = self._column = 0
        self._width: int | None = None
        self._cells: list[str] = []
        self._kind, self._style = "n", 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._begin_row(attributes.get("r"))
        elif name == "c":
            self._begin_cell(attributes)
        self._text.start(name)

    def text(self, text: str) -> None:
        if not self._text.add(text):
            raise UnreadableFile(
                self._row, "A cell holds more than {maximum} characters.", maximum=CELL_CHARACTERS
            )

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "c":
            self._end_cell()
        elif name == "row" and self._cells:
            self._end_row()
        elif name == "sheetData":
            self.done = True

    def _begin_row(self, number: str | None) -> None:
        row = self._row + 1 if number is None else _whole(number, SHEET_ROWS + 1)
        if row > SHEET_ROWS:
            raise UnreadableFile(
                self._row, "The next row is behind row {maximum}, the last.", maximum=SHEET_ROWS
            )
        if row <= self._row:
            raise UnreadableFile(self._row, "The row behind this one has number {row}.", row=row)
        self._row, self._column, self._cells = row, 0, []

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = _PLACE.fullmatch(attributes.get("r", ""))
        self._column = _column(place[1]) if place else self._column + 1
        self._kind = attributes.get("t", "n")
        self._style = _whole(attributes.get("s", "0"), 0)
        self._text.begin()

    def _end_cell(self) -> None:
        if not (text := self._said(str(self._text)).strip()):
            return
        if self._width is None and self._column > COLUMNS:
            raise UnreadableFile(
                self._row, "The header has more than {maximum} columns.", maximum=COLUMNS
            )
        place = self._column - 1 if self._width is None else min(self._column - 1, self._width)
        self._cells.extend([""] * (place + 1 - len(self._cells)))
        self._cells[place] = text

    def _end_row(self) -> None:
        self._width = self._width or len(self._cells)
        line = orjson.dumps([self._row, *self._cells]) + b"\n"
        if len(line) > LONGEST_LINE:
            raise UnreadableFile(
                self._row, "This row is longer than {maximum} bytes.", maximum=LONGEST_LINE
            )
        self.lines.append(line)

    def _said(self, text: str) -> str:
        """What a cell with this value says."""
        if not text:
            return ""
        if self._kind == "s":
            return self._shared(text)
        if self._kind == "b":
            return "true" if text == "1" else "false"
        return self._number(text) if self._kind == "n" else text

    def _shared(self, text: str) -> str:
        try:
            return self._book.texts[_whole(text, -1)]
        except IndexError:
            raise UnreadableFile(
                self._row, "A cell names a text that this file does not have."
            ) from None

    def _number(self, text: str) -> str:
        """A whole number without decimals, a date in its ISO form; what is neither stays as it is."""
        if not _NUMBER.fullmatch(text):
            return text
        number = float(text)
        if kind := self._book.styles.kind(self._style):
            try:
                return self._book.book.moment(number, kind)
            except (ValueError, OverflowError):
                return "#VALUE!"
        if number.is_integer() and abs(number) < _LARGEST_WHOLE:
            return str(int(number))
        return text if _DIGITS.fullmatch(text) else str(number)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if _WHOLE.fullmatch(text) else otherwise


def _column(letters: str) -> int:
    """Column A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
