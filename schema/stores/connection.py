from __future__ import annotations

from collections.abc import Awaitable, Callable

import strawberry

from resolvers.context import Context
from resolvers.stores.listing import FoundStore, StorePage
from schema.batching import batched
from schema.pagination import PageInfo
from schema.stores.types import Store


@strawberry.type
class StoreEdge:
    node: Store
    cursor: str
    distance_metres: int | None = strawberry.field(
        description="How far it is from the point asked about, on the earth's surface."
    )

    @classmethod
    def of(cls, found: FoundStore) -> StoreEdge:
        metres = found.distance_metres
        return cls(
            node=Store.of(found.row),
            cursor=found.cursor,
            distance_metres=None if metres is None else round(metres),
        )


@strawberry.type
class StoreConnection:
    edges: list[StoreEdge]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @batched
    @staticmethod
    async def total_count(parents: list[StoreConnection], ctx: Context) -> list[int]:
        return [await parent.count() for parent in parents]

    @classmethod
    def of(cls, page: StorePage, count: Callable[[], Awaitable[int]]) -> StoreConnection:
        return cls(
            edges=[StoreEdge.of(each) for each in page.found],
            page_info=PageInfo.of(page),
            count=count,
        )
