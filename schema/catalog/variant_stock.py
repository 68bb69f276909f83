"""What a variant says of stock. The rooms above have the rest of it: `schema/stock` and `resolvers/stock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.catalog.rows import VariantRow
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from schema.batching import batched
from schema.cost.directives import cost
from schema.cost.prices import LEDGER_SUM
from schema.geography import GeoPointInput
from schema.list_arguments import WHICH, SoldDays
from schema.nodes.nodes import row_id
from schema.operations.cacheable_fields import repeatable
from schema.pagination import TalliedConnection

if TYPE_CHECKING:
    from schema.stock.levels.lists import StockLevelConnection
    from schema.stock.levels.of_variants import Backorder
    from schema.stock.serials.types import SerialNumber, SerialNumberFilter


@strawberry.type
class StockedVariant:
    row: strawberry.Private[VariantRow]

    @repeatable
    @batched
    @staticmethod
    async def available(parents: list[StockedVariant], ctx: Context) -> list[int]:
        """What this viewer's channel may still buy of what is there, all locations together."""
        from resolvers.stock.levels import availability

        found = await availability.of_variants(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @batched
    @staticmethod
    async def on_hand(parents: list[StockedVariant], ctx: Context) -> list[int]:
        """The pieces in every state at the places whose stock you may read, together; for who may read none,
        what `available` says."""
        from resolvers.stock.levels import on_hand

        found = await on_hand.of_variants(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @cost(LEDGER_SUM)
    @batched
    @staticmethod
    async def sold_last(
        parents: list[StockedVariant], ctx: Context, *, days: SoldDays = 30
    ) -> list[int | None]:
        """The pieces handed over to customers in the last days, of 24 hours each, at the places whose stock
        you may read, together; null for who may read none. What came back is not taken off."""
        from resolvers.stock.levels import sold_by_variant

        found = await sold_by_variant.of_variants(ctx, [each.row.id for each in parents], days)
        return [found.get(each.row.id) for each in parents]

    @batched
    @staticmethod
    async def backorder(
        parents: list[StockedVariant], ctx: Context
    ) -> list[Annotated[Backorder, strawberry.lazy("schema.stock.levels.of_variants")] | None]:
        """What may be ordered of it before it is there; empty where nothing may."""
        from schema.stock.levels.of_variants import backorders_of_variants

        return await backorders_of_variants([each.row.id for each in parents], ctx)

    @repeatable
    @batched
    @staticmethod
    async def stock_levels(
        parents: list[StockedVariant],
        ctx: Context,
        *,
        near: GeoPointInput | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> list[Annotated[StockLevelConnection, strawberry.lazy("schema.stock.levels.lists")]]:
        """Where its pieces are; the nearest first where a point is given."""
        from schema.stock.levels.of_variants import levels_of_variants

        point = near.point("near") if near else None
        return await levels_of_variants([each.row.id for each in parents], ctx, point, first, after)

    @batched
    @staticmethod
    async def serials(
        parents: list[StockedVariant],
        ctx: Context,
        *,
        location_id: strawberry.ID,
        filter: Annotated[
            Annotated[SerialNumberFilter, strawberry.lazy("schema.stock.serials.types")] | None,
            WHICH,
        ] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> list[
        TalliedConnection[Annotated[SerialNumber, strawberry.lazy("schema.stock.serials.types")]]
    ]:
        """The serial numbers on hand at a place of your territory, in whatever state."""
        from schema.stock.serials.types import serials_of_variants

        place = row_id(location_id, "Store", "Warehouse", path=("locationId",))
        page = PageRequest(first=first, after=after, last=last, before=before)
        ids = [each.row.id for each in parents]
        return await serials_of_variants(ids, ctx, place, filter, page)
