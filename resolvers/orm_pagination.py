"""Keyset pages: a cursor is the sort key of its row, tied to the sort and filter it was made for."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Generic, TypeVar, overload

import orjson
from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.errors import InvalidInput

M = TypeVar("M", bound=Model)
T = TypeVar("T")
DEFAULT_SIZE = 20
MAXIMUM_SIZE = 250
"""The columns that lists are sorted by which are numbers; the others are texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which part of a list: `first` after a cursor, or `last` before one; 20 rows unless told."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backward(self) -> bool:
        return self.last is not None or (self.before is not None and self.first is None)

    @property
    def size(self) -> int:
        """Raises: InvalidInput when it is no size of a page."""
        if self.first is not None and self.last is not None:
            raise InvalidInput("Give first or last, not both.", path=("last",))
        name, size = ("last", self.last) if self.last is not None else ("first", self.first)
        return DEFAULT_SIZE if size is None else checked_size(size, name)


def checked_size(size: int, name: str = "first") -> int:
    """Raises: InvalidInput when it is no size of a page."""
    if not 0 <= size <= MAXIMUM_SIZE:
        message = "{name} must lie between 0 and {maximum}."
        raise InvalidInput(message, path=(name,), name=name, maximum=MAXIMUM_SIZE)
    return size


class Cursors(Sequence[str]):
    """The cursors of sort keys; each is made when it is asked for, which most never are."""

    def __init__(self, keys: Sequence[Sequence[Any]], tie: str) -> None:
        self._keys = keys
        self._tie = tie

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[str]: ...
    def __getitem__(self, position: int | slice) -> str | Sequence[str]:
        if isinstance(position, slice):
            return Cursors(self._keys[position], self._tie)
        return cursor_of(self._keys[position], self._tie)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in list order, a cursor beside each."""

    rows: Sequence[T]
    cursors: Sequence[str]
    has_next: bool = False
    has_previous: bool = False


NOTHING: Page[Any] = Page([], [])


def cursor_of(key: Sequence[Any], tie: str) -> str:
    return urlsafe_b64encode(orjson.dumps([_mark(tie), *key])).rstrip(b"=").decode()


def key_of(cursor: str, tie: str, length: int, argument: str) -> list[Any]:
    """The sort key in a cursor.

    Raises: InvalidInput for a cursor that is not ours, or was made for another sort or filter.
    """
    try:
        mark, *key = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise not_ours(argument) from None
    scalar = all(map(_is_key, key))
    if mark != _mark(tie) or len(key) != length or not scalar:
        raise InvalidInput(
            "The cursor in {argument} belongs to another list, sort or filter.",
            path=(argument,),
            argument=argument,
        )
    return key


def _is_key(part: object) -> bool:
    """Whether a database takes it: a text without NUL, or a number of 64 bits."""
    if isinstance(part, int):
        return -(2**63) <= part < 2**63
    return isinstance(part, float) or (isinstance(part, str) and "\0" not in part)


def not_ours(argument: str) -> InvalidInput:
    return InvalidInput(
        "{argument} is not a cursor of this API.", path=(argument,), argument=argument
    )


async def paginate(
    query: QuerySet[M], request: PageRequest, order: Sequence[str], tie: str
) -> Page[M]:
    """One page of `query` by the columns of `order` (`"-price"` descends), the last of which is unique.

    `tie` tells this list, sort and filter from others; it is hashed into the cursors.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    size, backward = request.size, request.backward
    columns = [column.lstrip("-") for column in order]
    query = between_cursors(query, request, order, tie)
    found = await query.order_by(*(flipped(order) if backward else order)).limit(size + 1)
    rows, more = found[:size], len(found) > size
    if backward:
        rows.reverse()
    cursors = Cursors([[getattr(row, column) for column in columns] for row in rows], tie)
    behind, ahead = request.after is not None, request.before is not None
    if backward:
        return Page(rows, cursors, has_next=ahead, has_previous=more)
    return Page(rows, cursors, has_next=more, has_previous=behind)


def between_cursors(
    query: QuerySet[M], request: PageRequest, order: Sequence[str], tie: str
) -> QuerySet[M]:
    """What lies behind `after` and before `before`. Raises: InvalidInput for another cursor."""
    columns = [column.lstrip("-") for column in order]
    for argument, cursor, forward in (
        ("after", request.after, True),
        ("before", request.before, False),
    ):
        if cursor is not None:
            key = _typed(query.model, columns, key_of(cursor, tie, len(order), argument), argument)
            query = query.filter(_beyond(order, key, forward))
    return query


def _typed(
    model: type[Model], columns: Sequence[str], key: Sequence[Any], argument: str
) -> list[Any]:
    """The parts of a key as the columns hold them. Raises: InvalidInput for what no column can hold."""
    found: list[Any] = []
    for column, part in zip(columns, key, strict=True):
        kind = model._meta.fields_map[column]
        try:
            if isinstance(kind, fields.DatetimeField):
                found.append(datetime.fromisoformat(part))
            elif isinstance(kind, fields.CharField):
                found.append(part.replace("\0", "\ufffd"))
            else:
                whole = isinstance(part, int) or isinstance(kind, fields.FloatField)
                found.append(part if whole else None)
        except (AttributeError, TypeError, ValueError):
            found.append(None)
    if None in found:
        raise not_ours(argument)
    return found


@lru_cache(maxsize=1024)
def _mark(tie: str) -> str:
    return sha256(tie.encode()).hexdigest()[:8]


def flipped(order: Sequence[str]) -> list[str]:
    return [column[1:] if column.startswith("-") else f"-{column}" for column in order]


def _beyond(order: Sequence[str], key: Sequence[Any], forward: bool) -> Q:
    """Rows after (or before) `key`: beyond in the first column that differs."""
    alternatives = []
    for position, column in enumerate(order):
        equal = {
            name.lstrip("-"): value for name, value in zip(order[:position], key, strict=False)
        }
        rises = column.startswith("-") != forward
        comparison = {f"{column.lstrip('-')}__{'gt' if rises else 'lt'}": key[position]}
        alternatives.append(Q(**equal, **comparison))
    return Q(*alternatives, join_type="OR")
