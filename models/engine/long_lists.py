"""Rewriting of the long IN lists of a statement as one parameter each, without duplicates.

SQLite allows 32,766 parameters and PostgreSQL 32,767. Every statement passes here on its way to a driver,
those of the ORM included, so no caller has to count. Statements with few parameters stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

MOST_PARAMETERS = 1_000  # statements with no more parameters stay as they are
SHORT = 100  # lists with fewer entries stay as they are
_LIST = (
    rf"(?P<negated>\bNOT )?\bIN \((?P<list>\?(?:, ?\?){{{SHORT},}}|\$\d+(?:, ?\$\d+){{{SHORT},}})\)"
)
_ANY_LIST = re.compile(_LIST)
_LIST_OR_MARK = re.compile(rf"{_LIST}|\?|\$\d+")


def folded(query: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the statement and its parameters, numbered for PostgreSQL and `?` for SQLite."""
    if len(values) <= MOST_PARAMETERS or _ANY_LIST.search(query) is None:
        return query, values
    folding = _Folding(values)
    return _LIST_OR_MARK.sub(folding.replace, query), tuple(folding.kept)


class _Folding:
    """Collects the parameters of the new statement while the old one is read from left to right."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0
        self.kept: list[Any] = []

    def replace(self, found: re.Match[str]) -> str:
        listed = found["list"]
        if listed is None:
            return self._keep(self._value(found[0]), numbered=found[0] != "?")
        members = list(dict.fromkeys(self._members(listed)))
        negation = found["negated"] or ""
        if listed[0] == "$":
            mark = self._keep(tuple(members), numbered=True)
            return f"<> ALL({mark})" if negation else f"= ANY({mark})"
        if all(isinstance(each, int | str) for each in members):
            mark = self._keep(orjson.dumps(members).decode(), numbered=False)
            return f"{negation}IN (SELECT value FROM json_each({mark}))"
        marks = ", ".join(self._keep(each, numbered=False) for each in members)
        return f"{negation}IN ({marks})"

    def _members(self, listed: str) -> Sequence[Any]:
        count = listed.count(",") + 1
        if listed[0] == "?":
            self._next += count
            return self._values[self._next - count : self._next]
        numbers = listed[1:].replace(" ", "").split(",$")  # the ORM numbers them consecutively
        if int(numbers[-1]) - int(numbers[0]) == count - 1:
            return self._values[int(numbers[0]) - 1 : int(numbers[-1])]
        return [self._values[int(number) - 1] for number in numbers]

    def _value(self, mark: str) -> Any:
        if mark != "?":
            return self._values[int(mark[1:]) - 1]
        self._next += 1
        return self._values[self._next - 1]

    def _keep(self, value: Any, *, numbered: bool) -> str:
        self.kept.append(value)
        return f"${len(self.kept)}" if numbered else "?"
