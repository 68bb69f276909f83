"""Keyset pages over plain SQL, for lists whose order or filter the ORM cannot express."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tortoise.models import Model

from models.database import any_of, array, columns, fetch, is_postgres, marks, records
from resolvers.orm_pagination import Cursors, Page, PageRequest, cursor_of, key_of, not_ours

_INT64 = 2**63
NEVER = "1 = 0"
R = TypeVar("R", bound=tuple[Any, ...])
T = TypeVar("T")
K = TypeVar("K")
M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class Conditions:
    """An AND of SQL conditions with their values."""

    sql: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        self.sql.append(condition)
        self.values.extend(values)

    def of_parents(self, parent: str, keys: Sequence[Any]) -> Conditions:
        """Return the same of the rows whose column `parent` has one of these keys."""
        return Conditions([any_of(parent), *self.sql], [array(keys), *self.values])

    @property
    def nothing(self) -> bool:
        """Whether it is known that nothing meets them, so that nobody need ask."""
        return NEVER in self.sql

    def __str__(self) -> str:
        return " AND ".join(self.sql) or "1 = 1"


@dataclass(frozen=True, slots=True)
class Order:
    """SQL expressions to sort by, all rising or all falling, the last one unique.

    `kinds` are the Python types of their values; `values` fill the parameters of the expressions and of
    `source`, the FROM that they are read from where that is not the table itself. Where there is a `lead`, a
    page is made of the first rows by ID of each of its rows, those that meet `led`, which an index finds
    without reading the others. All columns but the last are then the lead's, and `values` are of it alone.
    """

    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    falling: bool = False
    values: tuple[Any, ...] = ()
    source: str = ""
    lead: str = ""
    led: str = ""


def kept(text: str) -> str:
    """`text` for comparing with what is kept: PostgreSQL takes no NUL, and no text of ours has one."""
    return text.replace("\0", "\ufffd")


async def page_of(
    row: type[R],
    table: str,
    conditions: Conditions,
    order: Order,
    request: PageRequest,
    tie: str,
) -> Page[R]:
    """One page of the rows of `table` (`"product p"`), whose ID is the last column of `order`.

    The keys of the page are found first, and only its rows are read. Raises: InvalidInput.
    """
    names, inner, values = _keys_of_page(table, conditions, order, request, tie)
    alias = table.rsplit(maxsplit=1)[-1]
    found = await records(
        f"SELECT {columns(row, alias)}, {', '.join(names)} FROM ({inner}) AS page"
        f" JOIN {table} ON {alias}.id = page.{names[-1]}"
        f" ORDER BY {_sorted(names, order, request)}",
        *values,
    )
    width = -len(names)
    return page_from(
        [row(*each[:width]) for each in found], [each[width:] for each in found], request, tie
    )


async def page_of_ids(
    table: str, conditions: Conditions, order: Order, request: PageRequest, tie: str
) -> Page[int]:
    """The same, of the rows' IDs."""
    _, inner, values = _keys_of_page(table, conditions, order, request, tie)
    keys = [] if conditions.nothing else await records(inner, *values)
    return page_from([key[-1] for key in keys], keys, request, tie)


async def pages_of_ids(
    table: str,
    parent: str,
    keys: Sequence[K],
    conditions: Conditions,
    order: Order,
    request: PageRequest,
    tie: str,
) -> dict[K, Page[int]]:
    """The same, a page of the rows of each `parent`, a column that has these keys; one statement for all.

    One cursor says for every parent where to go on.
    """
    asked, most = Conditions(), request.size + 1
    if len(keys) == 1:
        asked.add(f"{parent} = ?", keys[0])
        asked.add(str(conditions), *conditions.values)
        return {keys[0]: await page_of_ids(table, asked, order, request, tie)}
    asked.add(any_of(parent), array(keys))
    asked.add(str(conditions), *conditions.values)
    names, selected = _named(order)
    beyond, values = _beyond(order, request, tie, names)
    listed = ", ".join(names)
    rows = await records(
        f"SELECT parent, {listed} FROM (SELECT parent, {listed}, ROW_NUMBER()"
        f" OVER (PARTITION BY parent ORDER BY {_sorted(names, order, request)}) AS place"
        f" FROM (SELECT {selected}, {parent} AS parent FROM {order.source or table} WHERE {asked}) AS keys"
        f" WHERE {beyond}) AS ranked WHERE place <= {most} ORDER BY parent, place",
        *order.values,
        *asked.values,
        *values,
    )
    found: dict[K, list[Any]] = {key: [] for key in keys}
    for key, *place in rows:
        found[key].append(place)
    return {
        key: page_from([place[-1] for place in places], places, request, tie)
        for key, places in found.items()
    }


async def pages_by_id(
    model: type[M],
    parent: str,
    keys: Sequence[K],
    conditions: Conditions,
    request: PageRequest,
    tie: str,
    *,
    falling: bool = True,
) -> dict[K, Page[M]]:
    """A page of the rows of each `parent`, a column that has these keys, by ID; two statements for all.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    asked, direction = Conditions(), "DESC" if falling != request.backward else "ASC"
    asked.add(any_of(parent), array(keys))
    asked.add(str(conditions), *conditions.values)
    for argument, cursor, forward in cursors_of(request):
        sign = "<" if falling == forward else ">"
        asked.add(f"id {sign} ?", *checked_key(cursor, tie, (int,), argument))
    ranked = await fetch(
        f"SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY {parent} ORDER BY id {direction})"
        f" AS place FROM {model._meta.db_table} WHERE {asked}) AS ranked"
        f" WHERE place <= {request.size + 1}",
        *asked.values,
    )
    query = model.filter(id__in=[row["id"] for row in ranked])
    found: dict[K, list[M]] = {key: [] for key in keys}
    for row in await query.order_by("-id" if falling else "id") if ranked else []:
        found[getattr(row, parent)].append(row)
    return {key: _page_by_id(rows, request, tie) for key, rows in found.items()}


def _page_by_id(rows: Sequence[M], request: PageRequest, tie: str) -> Page[M]:
    further = max(0, len(rows) - request.size)
    shown = rows[further:] if request.backward else rows[: request.size]
    return Page(
        shown,
        [cursor_of([row.pk], tie) for row in shown],
        has_next=request.before is not None if request.backward else further > 0,
        has_previous=further > 0 if request.backward else request.after is not None,
    )


def _keys_of_page(
    table: str, conditions: Conditions, order: Order, request: PageRequest, tie: str
) -> tuple[list[str], str, list[Any]]:
    """The names of the sort key's columns, and the statement that answers a page of them and one more."""
    names, selected = _named(order)
    beyond, values = _beyond(order, request, tie, names)
    if order.lead:
        statement = _led(table, conditions, order, request, beyond)
        return names, statement, [*order.values, *conditions.values, *values]
    statement = (
        f"SELECT {', '.join(names)} FROM (SELECT {selected} FROM {order.source or table}"
        f" WHERE {conditions}) AS keys"
        f" WHERE {beyond} ORDER BY {_sorted(names, order, request)} LIMIT {request.size + 1}"
    )
    return names, statement, [*order.values, *conditions.values, *values]


def _led(
    table: str, conditions: Conditions, order: Order, request: PageRequest, beyond: str
) -> str:
    """The same, a page and one more of each row of the lead, and of these the first."""
    names, selected = _named(order)
    listed, key, limit = ", ".join(names), names[-1], f"LIMIT {request.size + 1}"
    direction = _sorted([key], order, request)
    first = (
        f"SELECT {{}} FROM (SELECT {selected} FROM {table} WHERE {order.led} AND {conditions})"
        f" AS keys WHERE {beyond} ORDER BY {direction} {limit}"
    )
    last = f"ORDER BY {_sorted(names, order, request)} {limit}"
    if is_postgres():
        each = f"LATERAL ({first.format(listed)}) AS firsts"
        return f"SELECT {listed} FROM {order.lead} CROSS JOIN {each} {last}"
    whole = [f"{column} AS {name}" for column, name in zip(order.columns, names[:-1], strict=False)]
    return (
        f"SELECT {', '.join([*whole, f'firsts.id AS {key}'])} FROM {order.lead}"
        f" CROSS JOIN {table.split(maxsplit=1)[0]} AS firsts WHERE firsts.id IN ({first.format(key)}) {last}"
    )


def _named(order: Order) -> tuple[list[str], str]:
    """A name for each column of the sort key, and the columns under these names."""
    names = [f"k{position}" for position in range(len(order.columns))]
    named = zip(order.columns, names, strict=True)
    return names, ", ".join(f"{column} AS {name}" for column, name in named)


def _sorted(names: Sequence[str], order: Order, request: PageRequest) -> str:
    direction = "DESC" if order.falling != request.backward else "ASC"
    return ", ".join(f"{name} {direction}" for name in names)


def page_from(rows: list[T], keys: Sequence[Any], request: PageRequest, tie: str) -> Page[T]:
    """Cut what was found, which is in the order of reading, to a page in the order of the list."""
    size, more = request.size, len(rows) > request.size
    rows, keys = rows[:size], [list(key) for key in keys[:size]]
    if request.backward:
        rows.reverse()
        keys.reverse()
    return Page(
        rows,
        Cursors(keys, tie),
        has_next=request.before is not None if request.backward else more,
        has_previous=more if request.backward else request.after is not None,
    )


def checked_key(cursor: str, tie: str, kinds: Sequence[type], argument: str) -> list[Any]:
    """The sort key in a cursor, its parts of these kinds. Raises: InvalidInput."""
    key = key_of(cursor, tie, len(kinds), argument)
    for part, kind in zip(key, kinds, strict=True):
        if type(part) is not kind or (isinstance(part, int) and not -_INT64 <= part < _INT64):
            raise not_ours(argument)
    return key


def _beyond(
    order: Order, request: PageRequest, tie: str, names: Sequence[str]
) -> tuple[str, list[Any]]:
    conditions = Conditions()
    for argument, cursor, forward in cursors_of(request):
        key = checked_key(cursor, tie, order.kinds, argument)
        sign = "<" if order.falling == forward else ">"
        conditions.add(f"({', '.join(names)}) {sign} ({marks(key)})", *key)
    return str(conditions), conditions.values


def cursors_of(request: PageRequest) -> Iterator[tuple[str, str, bool]]:
    """The cursors of a request: the argument, and whether the page lies behind it."""
    if request.after is not None:
        yield "after", request.after, True
    if request.before is not None:
        yield "before", request.before, False
