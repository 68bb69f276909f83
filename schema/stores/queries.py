from __future__ import annotations

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stores import listing, locations
from resolvers.stores.filters import StoreQuery
from schema.geography import GeoPointInput
from schema.info import Info
from schema.nodes.nodes import optional_row_id
from schema.operations.cacheable_fields import repeatable
from schema.stores.connection import StoreConnection
from schema.stores.inputs import StoreFilter
from schema.stores.types import Store, Warehouse


@strawberry.type
class StoreQueries:
    @repeatable
    @strawberry.field
    async def store(
        self, info: Info, id: strawberry.ID | None = None, code: str | None = None
    ) -> Store | None:
        """A store by ID or code; one that has closed for good too, since old orders lead to it."""
        row = await locations.store(info.context, optional_row_id(id, "Store"), code)
        return Store.of(row) if row else None

    @strawberry.field
    async def warehouse(
        self, info: Info, id: strawberry.ID | None = None, code: str | None = None
    ) -> Warehouse | None:
        """A warehouse by ID or code, for those who work for its merchant; one that has closed, too."""
        found = optional_row_id(id, "Warehouse")
        row = await locations.warehouse(info.context, found, code)
        return Warehouse.of(row) if row else None

    @repeatable
    @strawberry.field
    async def stores(
        self,
        info: Info,
        near: GeoPointInput | None = None,
        filter: StoreFilter | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> StoreConnection:
        """The active stores: the nearest first where `near` is given, else by code."""
        ctx, point = info.context, near.point("near") if near else None
        query = filter.query(point) if filter else StoreQuery(near=point)
        page = await listing.page(ctx, query, PageRequest(first=first, after=after))
        return StoreConnection.of(page, lambda: listing.count(ctx, query))
