"""Stocktakes for tests."""

from __future__ import annotations

from models.stock.documents.stocktakes import Stocktake
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.stock.stocktakes.opening import open_


async def opened(ctx: Context, *levels: StockLevel) -> Stocktake:
    return await open_(ctx, levels[0].location_id, [each.variant_id for each in levels], None)
