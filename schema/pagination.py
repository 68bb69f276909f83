"""Relay connections over keyset pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import strawberry

from resolvers.context import Context
from resolvers.paging import Page
from schema.batching import batched
from schema.public import public

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


def edges_of(page: Page[Any], convert: Callable[[Any], NodeType]) -> list[Edge[NodeType]]:
    return [
        Edge(node=convert(row), position=position, cursors=page.cursors)
        for position, row in enumerate(page.rows)
    ]
