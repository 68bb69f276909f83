"""Rows of CSV files, by the names of their columns in any order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from models.errors import InvalidInput, QuintetError

_FLAGS = {"": None, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class UnreadableFile(QuintetError):
    """The file cannot be read as a table; `line` is where, 0 for the file as a whole."""

    code = "INVALID"

    def __init__(self, line: int, template: str, **parts: object) -> None:
        super().__init__(template, **parts)
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
            return float(self._plain(column))
        except ValueError:
            raise self._no_number(column) from None

    def whole(self, column: str) -> int:
        """Raises: InvalidInput naming the column."""
        text = self._plain(column)
        if not (text.removeprefix("-").isdecimal() and len(text) <= 18):
            raise self._no_number(column)
        return int(text)

    def decimal(self, column: str) -> Decimal:
        """Raises: InvalidInput naming the column."""
        try:
            return Decimal(self._plain(column))
        except InvalidOperation:
            raise self._no_number(column) from None

    def flag(self, column: str) -> bool | None:
        """None where the cell is empty. Raises: InvalidInput naming the column."""
        text = self.text(column).lower()
        if text not in _FLAGS:
            raise InvalidInput(
                "The column {column} must be true or false.", path=(column,), column=column
            )
        return _FLAGS[text]

    def moment(self, column: str) -> datetime | None:
        """None where the cell is empty. Raises: InvalidInput naming the column."""
        if not (text := self.text(column)):
            return None
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is None:
                raise ValueError
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise InvalidInput(
                "The column {column} must be a moment such as 2026-01-31T08:00:00+08:00.",
                path=(column,),
                column=column,
            ) from None

    def _plain(self, column: str) -> str:
        """A number's text; Python's own would take underscores too."""
        text = self.text(column)
        if "_" in text:
            raise self._no_number(column)
        return text

    def _no_number(self, column: str) -> InvalidInput:
        return InvalidInput(
            "The column {column} must be a number, not {text}.",
            path=(column,),
            column=column,
            text=repr(self.text(column)[:40]),
        )


def check_header(
    header: Sequence[str], required: Sequence[Sequence[str]], known: Collection[str]
) -> None:
    """Of each group of columns one must be there, and none that nobody reads. Raises: UnreadableFile."""
    names = [name for name in header if name]
    for group in required:
        if not set(group) & set(names):
            raise UnreadableFile(
                1,
                "The column {names} is missing; there are {header}.",
                names=" / ".join(group),
                header=", ".join(names),
            )
    if len(set(names)) < len(names):
        raise UnreadableFile(1, "A column stands in the header twice.")
    if unknown := [name for name in names if name not in known]:
        raise UnreadableFile(
            1,
            "There is no column {names}; those there can be are {known}.",
            names=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
