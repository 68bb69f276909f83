"""Relay connections over keyset pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import strawberry

from models.bounds import STATES
from resolvers.context import Context
from resolvers.orm_pagination import Page
from resolvers.tallies import Tally
from schema.batching import batched
from schema.cost.directives import cost, list_size
from schema.cost.prices import COUNT
from schema.operations.cacheable_fields import public
from schema.operations.documents.value_counts import ValueCount

NodeType = TypeVar("NodeType")


class HasCursors(Protocol):
    """A page of any list."""

    @property
    def cursors(self) -> Sequence[str]: ...
    @property
    def has_next(self) -> bool: ...
    @property
    def has_previous(self) -> bool: ...


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    cursors: strawberry.Private[Sequence[str]]

    @public
    @strawberry.field
    def start_cursor(self) -> str | None:
        return self.cursors[0] if self.cursors else None

    @public
    @strawberry.field
    def end_cursor(self) -> str | None:
        return self.cursors[-1] if self.cursors else None

    @classmethod
    def of(cls, page: HasCursors) -> PageInfo:
        return cls(
            has_next_page=page.has_next, has_previous_page=page.has_previous, cursors=page.cursors
        )


@strawberry.type
class Edge(Generic[NodeType]):
    node: NodeType
    position: strawberry.Private[int]
    cursors: strawberry.Private[Sequence[str]]

    @public
    @strawberry.field
    def cursor(self) -> str:
        return self.cursors[self.position]


@strawberry.type
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]]
    page_info: PageInfo

    @classmethod
    def of(cls, page: Page[Any], convert: Callable[[Any], NodeType]) -> Connection[NodeType]:
        return cls(edges=edges_of(page, convert), page_info=PageInfo.of(page))


@strawberry.type(name="Connection")
class CountedConnection(Generic[NodeType]):
    """A connection that can say how many there are in all; counted only when asked."""

    edges: list[Edge[NodeType]]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @public
    @batched
    @staticmethod
    async def total_count(parents: list[Any], ctx: Context) -> list[int]:
        return [await parent.count() for parent in parents]

    @classmethod
    def of(
        cls,
        page: Page[Any],
        convert: Callable[[Any], NodeType],
        count: Callable[[], Awaitable[int]],
    ) -> CountedConnection[NodeType]:
        return cls(edges=edges_of(page, convert), page_info=PageInfo.of(page), count=count)


@strawberry.type(name="Connection")
class TalliedConnection(Generic[NodeType]):
    """A page of a long list that can say how many there are in all; counted only when asked."""

    edges: list[Edge[NodeType]]
    page_info: PageInfo
    tally: strawberry.Private[Tally]
    key: strawberry.Private[Any]

    @cost(COUNT)
    @batched
    @staticmethod
    async def total_count(parents: list[Any], ctx: Context) -> list[int]:
        """How many there are in the whole list."""
        return await tallied(parents, lambda tally, keys: tally.totals(keys))

    @classmethod
    def of(
        cls, page: Page[Any], convert: Callable[[Any], NodeType], tally: Tally, key: Any = None
    ) -> Self:
        return cls(edges=edges_of(page, convert), page_info=PageInfo.of(page), tally=tally, key=key)


@strawberry.type(name="Connection")
class DocumentConnection(TalliedConnection[NodeType], Generic[NodeType]):
    """The same of documents, which have a status."""

    @list_size(STATES)
    @cost(COUNT // STATES)
    @batched
    @staticmethod
    async def status_counts(parents: list[Any], ctx: Context) -> list[list[ValueCount]]:
        """How many there are of each status, whichever status the filter asks for."""
        found = await tallied(parents, lambda tally, keys: tally.statuses(keys))
        return [[ValueCount(value=value, count=n) for value, n in counts] for counts in found]


async def tallied(
    parents: Sequence[Any], ask: Callable[[Any, list[Any]], Awaitable[dict[Any, Any]]]
) -> list[Any]:
    """What each connection's tally answers for its key; lists that were cut together are asked together."""
    together: dict[int, list[Any]] = {}
    for parent in parents:
        together.setdefault(id(parent.tally), []).append(parent)
    found: dict[tuple[int, Any], Any] = {}
    for tally_id, group in together.items():
        answers = await ask(group[0].tally, [parent.key for parent in group])
        found |= {(tally_id, key): answer for key, answer in answers.items()}
    return [found[id(parent.tally), parent.key] for parent in parents]


def edges_of(page: Page[Any], convert: Callable[[Any], NodeType]) -> list[Edge[NodeType]]:
    return [
        Edge(node=convert(row), position=position, cursors=page.cursors)
        for position, row in enumerate(page.rows)
    ]
