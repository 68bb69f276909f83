"""Levels that are set by the ERP, and what they are worth."""

from __future__ import annotations

from models.stock.levels import StockLevel
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.levels.erp_sync import LevelDraft, set_levels
from tests.make.transfers import Chain, a_key


async def set_to(chain: Chain, level: StockLevel, quantity: int) -> None:
    await level.fetch_related("location", "variant")
    draft = LevelDraft(location_code=level.location.code, sku=level.variant.sku, quantity=quantity)
    await set_levels(chain.ctx, [draft], OnError.REJECT_ALL, a_key())


async def worth(ctx: Context, level: StockLevel) -> tuple[int, int]:
    found = (await costs_valuation.of_levels(ctx, [level.id]))[level.id]
    return found.quantity, found.value_minor
