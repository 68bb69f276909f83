from __future__ import annotations

import strawberry

from resolvers.stock.stocktakes import approval as stocktake_approval
from resolvers.stock.stocktakes import counting
from resolvers.stock.stocktakes import opening as stocktake_opening
from schema.errors import refusing
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.stock.serials.inputs import serial_drafts
from schema.stock.stocktakes.inputs import (
    StocktakeActInput,
    StocktakeCancelInput,
    StocktakeCountInput,
    StocktakeOpenInput,
    StocktakePayload,
    StocktakeRecountInput,
    variant_ids_of,
)
from schema.stock.stocktakes.types import Stocktake


@strawberry.type
class StocktakeMutations:
    @refusing(StocktakePayload)
    async def stocktake_open(self, info: Info, input: StocktakeOpenInput) -> StocktakePayload:
        """Begin to count some variants of a location; selling goes on. Needs STOCK_COUNT."""
        location_id = row_id(input.location_id, "Store", "Warehouse", path=("locationId",))
        row = await stocktake_opening.open_(
            info.context, location_id, variant_ids_of(input.variant_ids), input.note
        )
        return StocktakePayload(stocktake=Stocktake.of(row))

    @refusing(StocktakePayload)
    async def stocktake_count(self, info: Info, input: StocktakeCountInput) -> StocktakePayload:
        """Say what was found, in as many parts as you like; a later count replaces an earlier one.

        Needs STOCK_COUNT.
        """
        row = await counting.count(
            info.context,
            _id(input.stocktake_id),
            input.drafts(),
            input.counted_at,
            input.idempotency_key,
            serial_drafts(input.serials),
        )
        return StocktakePayload(stocktake=Stocktake.of(row))

    @refusing(StocktakePayload)
    async def stocktake_recount(self, info: Info, input: StocktakeRecountInput) -> StocktakePayload:
        """Have some lines counted again; what was found of them is forgotten. Needs STOCK_COUNT."""
        row = await counting.recount(
            info.context, _id(input.stocktake_id), variant_ids_of(input.variant_ids)
        )
        return StocktakePayload(stocktake=Stocktake.of(row))

    @refusing(StocktakePayload)
    async def stocktake_approve(self, info: Info, input: StocktakeActInput) -> StocktakePayload:
        """Take what was found for true: each difference becomes a movement. Not by whoever counted.

        Needs STOCK_WRITE.
        """
        row = await stocktake_approval.approve(
            info.context, _id(input.stocktake_id), input.idempotency_key
        )
        return StocktakePayload(stocktake=Stocktake.of(row))

    @refusing(StocktakePayload)
    async def stocktake_cancel(self, info: Info, input: StocktakeCancelInput) -> StocktakePayload:
        """Give it up; nothing moves. Needs STOCK_COUNT."""
        row = await stocktake_opening.cancel(info.context, _id(input.stocktake_id), input.note)
        return StocktakePayload(stocktake=Stocktake.of(row))


def _id(stocktake_id: strawberry.ID) -> int:
    return row_id(stocktake_id, "Stocktake", path=("stocktakeId",))
