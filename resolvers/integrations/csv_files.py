"""Rows of CSV files, by the names of their columns in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

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

    def moment(self, column: str) -> datetime | None:
        """None where the cell is empty. Raises: InvalidInput naming the column."""
        if not (text := self.text(column)):
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise InvalidInput(
                "The column {column} must be a moment such as 2026-01-31T08:00:00+08:00.",
                path=(column,),
                column=column,
            )
        return found

    def _no_number(self, column: str) -> InvalidInput:
        return InvalidInput(
            "The column {column} must be a number, not {text}.",
            path=(column,),
            column=column,
            text=repr(self.text(column)[:40]),
        )


def check_header(header: Sequence[str], required: Sequence[Sequence[str]]) -> None:
    """Of each group of columns one must be there. Raises: UnreadableFile."""
    for group in required:
        if not set(group) & set(header):
            names = " or ".join(group)
            raise UnreadableFile(1, f"The column {names} is missing; there are {header}.")
    if len(set(header)) < len(header):
        raise UnreadableFile(1, "A column stands in the header twice.")
