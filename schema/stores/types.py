from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.stores.coordinates import CoordinateSystem
from models.stores.hours import Weekday
from models.stores.locations import Location, LocationKind, StoreService
from resolvers.accounts import organisations
from resolvers.context import Context
from resolvers.stores import locations
from schema.accounts.types import Organisation
from schema.batching import batched
from schema.geography import Address, GeoPoint
from schema.info import Info
from schema.nodes import Node, global_id

strawberry.enum(StoreService)
strawberry.enum(Weekday)
strawberry.enum(LocationKind)


@strawberry.interface(description="A place that holds stock: a store or a warehouse.")
class StockLocation:
    id: strawberry.ID
    code: str
    name: str
    active: bool
    row: strawberry.Private[Location]

    @batched
    @staticmethod
    async def organisation(parents: list[StockLocation], ctx: Context) -> list[Organisation]:
        found = await organisations.by_ids(ctx, [each.row.organisation_id for each in parents])
        return [Organisation.of(found[each.row.organisation_id]) for each in parents]

    @strawberry.field(description="Where it is, in the coordinate system asked for.")
    def position(self, system: CoordinateSystem = CoordinateSystem.WGS84) -> GeoPoint | None:
        point = locations.position_of(self.row, system)
        return GeoPoint.of(point) if point else None

    @classmethod
    def of(cls, row: Location) -> Store | Warehouse:
        return _KINDS[row.kind].of(row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Any]:
        """The stores and warehouses with these row IDs, None where there is none."""
        found = await locations.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="Local time, such as 09:30; 24:00 may close, and closing before opening means past midnight."
)
class OpeningHours:
    weekday: Weekday
    opens: str
    closes: str


@strawberry.type
class Store(Node, StockLocation):
    phone: str | None
    address: Address
    hours: list[OpeningHours]
    services: list[StoreService]
    delivery_radius_metres: int | None = strawberry.field(
        description="How far it delivers; empty: however far."
    )

    @strawberry.field(description="Whether it is open now, or at a moment.")
    def is_open(self, info: Info, at: datetime | None = None) -> bool:
        return locations.is_open(self.row, at or info.context.now())

    @classmethod
    def of(cls, row: Location) -> Store:
        return cls(
            id=global_id("Store", row.id),
            code=row.code,
            name=row.name,
            active=row.active,
            phone=row.phone,
            address=Address.of(row.address),
            hours=[
                OpeningHours(weekday=each.weekday, opens=each.opens, closes=each.closes)
                for each in locations.hours_of(row)
            ],
            services=[StoreService(each) for each in row.services],
            delivery_radius_metres=row.delivery_radius_metres,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Store | None]:
        return await _of_kind(ctx, ids, LocationKind.STORE)


@strawberry.type
class Warehouse(Node, StockLocation):
    address: Address | None

    @classmethod
    def of(cls, row: Location) -> Warehouse:
        return cls(
            id=global_id("Warehouse", row.id),
            code=row.code,
            name=row.name,
            active=row.active,
            address=Address.of(row.address) if row.address else None,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Warehouse | None]:
        return await _of_kind(ctx, ids, LocationKind.WAREHOUSE)


_KINDS: dict[LocationKind, type[Store] | type[Warehouse]] = {
    LocationKind.STORE: Store,
    LocationKind.WAREHOUSE: Warehouse,
}


async def _of_kind(ctx: Context, ids: Sequence[int], kind: LocationKind) -> list[Any]:
    found = await locations.by_ids(ctx, ids)
    rows = [found.get(row_id) for row_id in ids]
    return [_KINDS[kind].of(row) if row and row.kind is kind else None for row in rows]
