"""Tables in CSV files: UTF-8 with or without a byte order mark, a header line, any column order."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from models.errors import InvalidInput


class UnreadableFile(Exception):
    """The file cannot be read as a table; `line` is where, 0 for the file as a whole."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One line of a table: what stands in its columns, stripped; an absent column is empty."""

    line: int
    values: Mapping[str, str]

    def text(self, *columns: str) -> str:
        """What stands in the first of the columns that is not empty."""
        return next((self.values[name] for name in columns if self.values.get(name)), "")

    def number(self, column: str) -> float:
        """Raises: InvalidInput naming the column."""
        try:
            return float(self.text(column))
        except ValueError:
            raise self._no_number(column) from None

    def whole(self, column: str) -> int:
        """Raises: InvalidInput naming the column."""
        text = self.text(column)
        if not (text.lstrip("-").isdecimal() and len(text) <= 18):
            raise self._no_number(column)
        return int(text)

    def decimal(self, column: str) -> Decimal:
        """Raises: InvalidInput naming the column."""
        try:
            return Decimal(self.text(column))
        except InvalidOperation:
            raise self._no_number(column) from None

    def _no_number(self, column: str) -> InvalidInput:
        return InvalidInput(
            "The column {column} must be a number, not {text}.",
            path=(column,),
            column=column,
            text=repr(self.text(column)[:40]),
        )


def read_table(path: Path, required: Sequence[Sequence[str]]) -> list[CsvRow]:
    """The lines below the header; of each group in `required`, one column must be there.

    Raises: UnreadableFile.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header, required)
        rows = []
        for cells in reader:
            if len(cells) > len(header):
                raise UnreadableFile(reader.line_num, "There are more cells than columns.")
            values = dict(zip(header, map(str.strip, cells), strict=False))
            if any(values.values()):
                rows.append(CsvRow(reader.line_num, values))
    except csv.Error as error:
        raise UnreadableFile(reader.line_num, f"This is not CSV: {error}.") from None
    return rows


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(0, f"{path} cannot be read: {error.strerror}.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(line, "This is not UTF-8: save the file as UTF-8.") from None


def _check_header(header: Sequence[str], required: Sequence[Sequence[str]]) -> None:
    for group in required:
        if not set(group) & set(header):
            names = " or ".join(group)
            raise UnreadableFile(1, f"The column {names} is missing; there are {header}.")
    if len(set(header)) < len(header):
        raise UnreadableFile(1, "A column stands in the header twice.")
