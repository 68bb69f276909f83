"""Keyset pages over plain SQL, for lists whose order or filter the ORM cannot express."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.database import fetch, marks
from models.errors import InvalidInput
from resolvers.paging import PageRequest, cursor_of, key_of

_INT64 = 2**63


@dataclass(slots=True)
class Conditions:
    """An AND of SQL conditions with their values."""

    sql: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        self.sql.append(condition)
        self.values.extend(values)

    def __str__(self) -> str:
        return " AND ".join(self.sql) or "1 = 1"


@dataclass(frozen=True, slots=True)
class Order:
    """SQL expressions to sort by, all rising or all falling, the last one unique.

    `kinds` are the Python types of their values; `values` fill the expressions' own parameters.
    """

    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    falling: bool = False
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class IdPage:
    ids: Sequence[int]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


def kept(text: str) -> str:
    """`text` for comparing with what is kept: PostgreSQL takes no NUL, and no text of ours has one."""
    return text.replace("\0", "\ufffd")


async def page_of_ids(
    table: str, conditions: Conditions, order: Order, request: PageRequest, tie: str
) -> IdPage:
    """One page of the rows of `table` (`"product p"`), whose ID is the last column of `order`.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    size, backward = request.size, request.backward
    names = [f"k{position}" for position in range(len(order.columns))]
    columns = ", ".join(
        f"{column} AS {name}" for column, name in zip(order.columns, names, strict=True)
    )
    beyond, values = _beyond(order, request, tie, names)
    direction = "DESC" if order.falling != backward else "ASC"
    rows = await fetch(
        f"SELECT {', '.join(names)} FROM (SELECT {columns} FROM {table} WHERE {conditions}) AS t"
        f" WHERE {beyond} ORDER BY {', '.join(f'{name} {direction}' for name in names)}"
        f" LIMIT {size + 1}",
        *order.values,
        *conditions.values,
        *values,
    )
    keys, more = [[row[name] for name in names] for row in rows[:size]], len(rows) > size
    if backward:
        keys.reverse()
    return IdPage(
        ids=[key[-1] for key in keys],
        cursors=[cursor_of(key, tie) for key in keys],
        has_next=request.before is not None if backward else more,
        has_previous=more if backward else request.after is not None,
    )


def checked_key(cursor: str, tie: str, kinds: Sequence[type], argument: str) -> list[Any]:
    """The sort key in a cursor, its parts of these kinds. Raises: InvalidInput."""
    key = key_of(cursor, tie, len(kinds), argument)
    for part, kind in zip(key, kinds, strict=True):
        if type(part) is not kind or (isinstance(part, int) and not -_INT64 <= part < _INT64):
            raise InvalidInput(
                "{argument} is not a cursor of this API.", path=(argument,), argument=argument
            )
    return key


def _beyond(
    order: Order, request: PageRequest, tie: str, names: Sequence[str]
) -> tuple[str, list[Any]]:
    conditions = Conditions()
    for argument, cursor, forward in (
        ("after", request.after, True),
        ("before", request.before, False),
    ):
        if cursor is not None:
            key = checked_key(cursor, tie, order.kinds, argument)
            sign = "<" if order.falling == forward else ">"
            conditions.add(f"({', '.join(names)}) {sign} ({marks(key)})", *key)
    return str(conditions), conditions.values
