"""The steps of a stocktake as mutations."""

from __future__ import annotations

import strawberry

from models.stock.documents.stocktakes import Stocktake as StocktakeRow
from resolvers.stock.stocktakes import approval as stocktake_approval
from resolvers.stock.stocktakes import counting
from resolvers.stock.stocktakes import opening as stocktake_opening
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.stock.documents.payloads import changing
from schema.stock.serials.inputs import serial_drafts
from schema.stock.stocktakes.inputs import (
    StocktakeActInput,
    StocktakeCancelInput,
    StocktakeCountInput,
    StocktakeOpenInput,
    StocktakeRecountInput,
    variant_ids_of,
)
from schema.stock.stocktakes.types import Stocktake


@strawberry.type
class StocktakeMutations:
    """Mutations that create or change a stocktake."""

    @changing(Stocktake)
    async def stocktake_open(self, info: Info, input: StocktakeOpenInput) -> StocktakeRow:
        """Open a stocktake of some variants of a location; sales continue. Needs STOCK_COUNT."""
        location_id = row_id(input.location_id, "Store", "Warehouse", path=("locationId",))
        return await stocktake_opening.open_(
            info.context, location_id, variant_ids_of(input.variant_ids), input.note
        )

    @changing(Stocktake)
    async def stocktake_count(self, info: Info, input: StocktakeCountInput) -> StocktakeRow:
        """Record what was counted, in any number of calls; a later count replaces an earlier one.

        Needs STOCK_COUNT.
        """
        return await counting.count(
            info.context,
            input.row_id(),
            input.drafts(),
            input.counted_at,
            input.idempotency_key,
            serial_drafts(input.serials),
        )

    @changing(Stocktake)
    async def stocktake_recount(self, info: Info, input: StocktakeRecountInput) -> StocktakeRow:
        """Have some lines counted again; their counts are deleted. Needs STOCK_COUNT."""
        return await counting.recount(
            info.context, input.row_id(), variant_ids_of(input.variant_ids)
        )

    @changing(Stocktake)
    async def stocktake_approve(self, info: Info, input: StocktakeActInput) -> StocktakeRow:
        """Approve the counts: each difference becomes a movement. A caller who counted cannot approve.

        Needs STOCK_WRITE.
        """
        return await stocktake_approval.approve(info.context, input.row_id(), input.idempotency_key)

    @changing(Stocktake)
    async def stocktake_cancel(self, info: Info, input: StocktakeCancelInput) -> StocktakeRow:
        """Cancel the stocktake; nothing moves. Needs STOCK_COUNT."""
        return await stocktake_opening.cancel(info.context, input.row_id(), input.note)
