"""Relay connections over keyset pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import strawberry

from resolvers.context import Context
from resolvers.paging import Page
from schema.batching import batched
from schema.public import public

NodeType = TypeVar("NodeType")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None

    @classmethod
    def of(cls, page: Page[Any]) -> PageInfo:
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )


@strawberry.type
class Edge(Generic[NodeType]):
    node: NodeType
    cursor: str


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
    nodes: Sequence[NodeType] = [convert(row) for row in page.rows]
    return [
        Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, page.cursors, strict=True)
    ]
