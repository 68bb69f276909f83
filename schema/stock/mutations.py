"""Setting and adjusting stock levels, their safety stocks, opening costs and backorders."""

from __future__ import annotations

import strawberry

from resolvers.stock.allocation import backorder_limits
from resolvers.stock.costs import opening as opening_costs
from resolvers.stock.levels import adjustments, erp_sync, safety_stock
from schema.errors import refusing
from schema.info import Info
from schema.stock.inputs import (
    BackorderSetInput,
    OpeningCostSetInput,
    SafetyStockSetInput,
    StockAdjustInput,
    StockSetInput,
)
from schema.stock.level_payloads import (
    BackorderSetPayload,
    OpeningCostSetPayload,
    SafetyStockSetPayload,
    StockAdjustPayload,
    StockSetPayload,
)
from schema.stock.types import StockLevel, StockMovement


@strawberry.type
class StockMutations:
    """Mutations that change stock levels or what is sold of them."""

    @refusing(StockSetPayload)
    async def stock_set(self, info: Info, input: StockSetInput) -> StockSetPayload:
        """Set what is available as an ERP counts it, up to 500 levels at once.

        Needs STOCK_WRITE.
        """
        ctx = info.context
        drafts = [row.draft() for row in input.rows]
        outcome = await erp_sync.set_levels(
            ctx, drafts, input.on_error, input.idempotency_key, input.dry_run
        )
        levels = await StockLevel.load(ctx, outcome.level_ids)
        payload = StockSetPayload.of(outcome.batch, ctx, input.rows)
        payload.levels = [level for level in levels if level]
        return payload

    @refusing(StockAdjustPayload)
    async def stock_adjust(self, info: Info, input: StockAdjustInput) -> StockAdjustPayload:
        """Move pieces between states by hand; each movement is kept with its reason.

        Needs STOCK_WRITE.
        """
        ctx = info.context
        done = await adjustments.adjust(ctx, input.draft(), input.idempotency_key)
        (level,) = await StockLevel.load(ctx, [done.level_id])
        (movement,) = await StockMovement.load(ctx, [done.movement_id])
        return StockAdjustPayload(level=level, movement=movement)

    @refusing(SafetyStockSetPayload)
    async def safety_stock_set(
        self, info: Info, input: SafetyStockSetInput
    ) -> SafetyStockSetPayload:
        """Set what online channels leave alone, of single SKUs or as a location's default.

        Needs STOCK_WRITE.
        """
        ctx = info.context
        drafts = [row.draft() for row in input.rows]
        outcome = await safety_stock.set_safety(ctx, drafts, input.on_error, dry_run=input.dry_run)
        return SafetyStockSetPayload.of(outcome, ctx, input.rows)

    @refusing(OpeningCostSetPayload)
    async def opening_cost_set(
        self, info: Info, input: OpeningCostSetInput
    ) -> OpeningCostSetPayload:
        """Set the cost of stock that was never bought at its location, once a level, up to 500 at once.

        Needs PURCHASE_APPROVE.
        """
        ctx = info.context
        drafts = [row.draft() for row in input.rows]
        outcome = await opening_costs.set_costs(
            ctx, drafts, input.note, input.on_error, dry_run=input.dry_run
        )
        return OpeningCostSetPayload.of(outcome, ctx, input.rows)

    @refusing(BackorderSetPayload)
    async def backorder_set(self, info: Info, input: BackorderSetInput) -> BackorderSetPayload:
        """Set how many pieces of SKUs may be sold before they are there, and when they come.

        Needs STOCK_WRITE.
        """
        ctx = info.context
        drafts = [row.draft() for row in input.rows]
        outcome = await backorder_limits.set_backorders(
            ctx, drafts, input.on_error, dry_run=input.dry_run
        )
        return BackorderSetPayload.of(outcome, ctx, input.rows)
