"""Rows of CSV files, by the names of their columns in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from models.errors import InvalidInput, QuintetError

_LARGEST = 10**18
_LONGEST_NUMBER = _LONGEST_MOMENT = 64
_NUMBER = re.compile(
    r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})(E[+-]?[0-9]{1,2})?", re.IGNORECASE
)
_FLAGS = {
    "": None,
    **dict.fromkeys(("true", "yes", "1", "是"), True),
    **dict.fromkeys(("false", "no", "0", "否"), False),
}


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
        return float(self.decimal(column))

    def whole(self, column: str) -> int:
        """A whole number, also as `12.0` or `1E+2`. Raises: InvalidInput naming the column."""
        number = self.decimal(column)
        if number != number.to_integral_value() or abs(number) >= _LARGEST:
            raise InvalidInput(
                "The column {column} must be a whole number, not {text}.",
                path=(column,),
                column=column,
                text=repr(self.text(column)[:40]),
            )
        return int(number)

    def decimal(self, column: str) -> Decimal:
        """A number in any width of digits, also with an exponent. Raises: InvalidInput naming the column."""
        typed = self.text(column)
        if len(typed) > _LONGEST_NUMBER:
            raise self._no_number(column)
        text = unicodedata.normalize("NFKC", typed).replace("\N{MINUS SIGN}", "-")
        if not _NUMBER.fullmatch(text):
            raise self._no_number(column)
        return Decimal(text)

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
            if len(text) > _LONGEST_MOMENT:
                raise ValueError
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

    def _no_number(self, column: str) -> InvalidInput:
        return InvalidInput(
            "The column {column} must be a number, not {text}.",
            path=(column,),
            column=column,
            text=repr(self.text(column)[:40]),
        )
