from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import strawberry

from resolvers.context import Context
from resolvers.stores.listing import StorePage
from schema.batching import batched
from schema.columns import derived
from schema.operations.cacheable_fields import repeatable
from schema.pagination import PageInfo
from schema.stores.types import Store


@strawberry.type
class StoreEdge:
    node: Store
    position: strawberry.Private[int]
    cursors: strawberry.Private[Sequence[str]]
    distance_metres: int | None = strawberry.field(
        description="How far it is from the point asked about, on the earth's surface."
    )

    @derived
    def cursor(self) -> str:
        return self.cursors[self.position]

    @classmethod
    def of(cls, page: StorePage, position: int) -> StoreEdge:
        found = page.found[position]
        metres = found.distance_metres
        return cls(
            node=Store.of(found.row),
            position=position,
            cursors=page.cursors,
            distance_metres=None if metres is None else round(metres),
        )


@strawberry.type
class StoreConnection:
    edges: list[StoreEdge]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @repeatable
    @batched
    @staticmethod
    async def total_count(parents: list[StoreConnection], ctx: Context) -> list[int]:
        return [await parent.count() for parent in parents]

    @classmethod
    def of(cls, page: StorePage, count: Callable[[], Awaitable[int]]) -> StoreConnection:
        return cls(
            edges=[StoreEdge.of(page, position) for position in range(len(page.found))],
            page_info=PageInfo.of(page),
            count=count,
        )
