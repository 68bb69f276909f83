from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import bounds
from models.bounds import all_of
from models.stores.coordinates import CoordinateSystem
from models.stores.hours import Weekday
from models.stores.locations import Location, LocationKind, StoreService
from models.stores.rows import LocationRow
from models.tables.columns import parsed
from resolvers.accounts.organisations import organisations
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.levels import safety_stock
from resolvers.stores import locations
from schema.accounts.node_staff import staff_of_nodes
from schema.accounts.types import Organisation, Staff
from schema.batching import batched
from schema.columns import column, derived, identity
from schema.cost.directives import cost, list_size
from schema.cost.prices import SORTED_LIST
from schema.geography import Address, GeoPoint
from schema.info import Info
from schema.list_arguments import SORTED, WHICH, After, Before, First, Last
from schema.nodes.nodes import Node, row_id
from schema.operations.cacheable_fields import repeatable
from schema.orders.sorts import FulfilmentSort, OrderSort
from schema.pagination import CountedConnection, DocumentConnection
from schema.stock.sorts import LevelSort

if TYPE_CHECKING:
    from schema.orders.connections import OrderConnection
    from schema.orders.fulfilment.types import Fulfilment
    from schema.orders.list_inputs import FulfilmentFilter, OrderFilter
    from schema.stock.levels.lists import StockLevelConnection, StockLevelFilter
    from schema.stock.types import StockLevel

strawberry.enum(StoreService)
strawberry.enum(Weekday)
strawberry.enum(LocationKind)


@strawberry.interface(description="A place that holds stock: a store or a warehouse.")
class StockLocation:
    row: strawberry.Private[Location | LocationRow]
    id: strawberry.ID
    code: str = column("code")
    name: str = column("name")

    @derived
    def active(self) -> bool:
        return bool(self.row.active)

    @batched
    @staticmethod
    async def organisation(parents: list[StockLocation], ctx: Context) -> list[Organisation]:
        found = await organisations.by_ids(ctx, [each.row.organisation_id for each in parents])
        return [Organisation.of(found[each.row.organisation_id]) for each in parents]

    @batched
    @staticmethod
    async def safety_stock_default(parents: list[StockLocation], ctx: Context) -> list[int | None]:
        """What online channels leave alone of a SKU without a number of its own; null without STOCK_WRITE."""
        found = await safety_stock.defaults_of(ctx, {each.row.id for each in parents})
        return [found.get(each.row.id) for each in parents]

    @derived
    def address(self) -> Address | None:
        kept = parsed(self.row.address)
        return Address.of(kept) if kept else None

    @batched
    @staticmethod
    async def stock_level(
        parents: list[StockLocation], ctx: Context, variant_id: strawberry.ID
    ) -> list[Annotated[StockLevel, strawberry.lazy("schema.stock.types")] | None]:
        """What stands here of a variant, as far as you may see it; null where it never stood."""
        from resolvers.stock.levels import levels
        from schema.stock.types import StockLevel

        variant = row_id(variant_id, "Variant", path=("variantId",))
        found = await levels.at_locations(ctx, variant, [each.row.id for each in parents])
        rows = [found.get(each.row.id) for each in parents]
        return [StockLevel.of(row) if row else None for row in rows]

    @cost(SORTED_LIST)
    @batched
    @staticmethod
    async def stock_levels(
        parents: list[StockLocation],
        ctx: Context,
        *,
        filter: Annotated[
            Annotated[StockLevelFilter, strawberry.lazy("schema.stock.levels.lists")] | None, WHICH
        ] = None,
        sort: Annotated[LevelSort | None, SORTED] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[Annotated[StockLevelConnection, strawberry.lazy("schema.stock.levels.lists")]]:
        """What stands here, as far as you may see it, in order of creation unless sorted."""
        from schema.stock.levels.of_places import levels_at

        request = PageRequest(first=first, after=after, last=last, before=before)
        return await levels_at([each.row.id for each in parents], ctx, filter, sort, request)

    @cost(SORTED_LIST)
    @batched
    @staticmethod
    async def fulfilments(
        parents: list[StockLocation],
        ctx: Context,
        *,
        filter: Annotated[
            Annotated[FulfilmentFilter, strawberry.lazy("schema.orders.list_inputs")] | None, WHICH
        ] = None,
        sort: Annotated[FulfilmentSort | None, SORTED] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[
        DocumentConnection[Annotated[Fulfilment, strawberry.lazy("schema.orders.fulfilment.types")]]
    ]:
        """What has been sent here, newest first unless sorted; nothing where you may not read it."""
        from schema.orders.place_lists import fulfilments_at

        request = PageRequest(first=first, after=after, last=last, before=before)
        return await fulfilments_at([each.row.id for each in parents], ctx, filter, sort, request)

    @repeatable
    @strawberry.field(description="Where it is, in the coordinate system asked for.")
    def position(self, system: CoordinateSystem = CoordinateSystem.WGS84) -> GeoPoint | None:
        point = locations.position_of(self.row, system)
        return GeoPoint.of(point) if point else None

    @classmethod
    def of(cls, row: Location | LocationRow) -> Store | Warehouse:
        return _KINDS[row.kind](row=row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Any]:
        """The stores and warehouses with these row IDs, None where there is none."""
        found = await locations.rows_by_ids(ctx, ids)
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
    id: strawberry.ID = identity("Store")
    phone: str | None = column("phone")
    delivery_radius_metres: int | None = column(
        "delivery_radius_metres", description="How far it delivers; empty: however far."
    )

    @derived
    def address(self) -> Address:
        return Address.of(parsed(self.row.address))

    @batched
    @staticmethod
    async def staff(
        parents: list[Store], ctx: Context, first: First = 20, after: After = None
    ) -> list[CountedConnection[Staff]]:
        """The active staff with a role on the store's own node; nobody where you do not work."""
        ids = [each.row.organisation_id for each in parents]
        return await staff_of_nodes(ctx, ids, first, after)

    @cost(SORTED_LIST)
    @batched
    @staticmethod
    async def orders(
        parents: list[Store],
        ctx: Context,
        *,
        filter: Annotated[
            Annotated[OrderFilter, strawberry.lazy("schema.orders.list_inputs")] | None, WHICH
        ] = None,
        sort: Annotated[OrderSort | None, SORTED] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[Annotated[OrderConnection, strawberry.lazy("schema.orders.connections")]]:
        """The orders that count for the store, as far as you may see them, the latest first unless sorted."""
        from schema.orders.place_lists import orders_of

        request = PageRequest(first=first, after=after, last=last, before=before)
        return await orders_of([each.row.id for each in parents], ctx, filter, sort, request)

    @list_size(bounds.STORE_HOURS)
    @derived
    def hours(self) -> list[OpeningHours]:
        return [
            OpeningHours(weekday=each.weekday, opens=each.opens, closes=each.closes)
            for each in locations.hours_of(self.row)
        ]

    @list_size(all_of(StoreService))
    @derived
    def services(self) -> list[StoreService]:
        return [StoreService(each) for each in parsed(self.row.services)]

    @cost(150)
    @repeatable
    @strawberry.field(description="Whether it is open now, or at a moment.")
    def is_open(self, info: Info, at: datetime | None = None) -> bool:
        return locations.is_open(self.row, at or info.context.now())

    @classmethod
    def of(cls, row: Location | LocationRow) -> Store:
        return cls(row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Store | None]:
        return _of_kind(await locations.visible_by_ids(ctx, ids), ids, LocationKind.STORE)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Store | None]:
        return _of_kind(await locations.rows_by_ids(ctx, ids), ids, LocationKind.STORE)


@strawberry.type
class Warehouse(Node, StockLocation):
    id: strawberry.ID = identity("Warehouse")

    @classmethod
    def of(cls, row: Location | LocationRow) -> Warehouse:
        return cls(row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Warehouse | None]:
        return _of_kind(await locations.visible_by_ids(ctx, ids), ids, LocationKind.WAREHOUSE)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Warehouse | None]:
        return _of_kind(await locations.rows_by_ids(ctx, ids), ids, LocationKind.WAREHOUSE)


_KINDS: dict[str, type[Store] | type[Warehouse]] = {
    LocationKind.STORE: Store,
    LocationKind.WAREHOUSE: Warehouse,
}


def _of_kind(found: Mapping[int, LocationRow], ids: Sequence[int], kind: LocationKind) -> list[Any]:
    rows = [found.get(row_id) for row_id in ids]
    return [_KINDS[kind].of(row) if row and row.kind == kind else None for row in rows]
