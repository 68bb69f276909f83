"""Movements for tests: steps of the ledger, and sales of days ago."""

from __future__ import annotations

from datetime import timedelta

from models.database import execute, transaction
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.ledger import ledger

WAYS = [
    (StockState.OUTSIDE, StockState.AVAILABLE),
    (StockState.AVAILABLE, StockState.DAMAGED),
    (StockState.DAMAGED, StockState.QUARANTINED),
    (StockState.QUARANTINED, StockState.AVAILABLE),
    (StockState.AVAILABLE, StockState.OUTSIDE),
]


async def go(ctx: Context, level: StockLevel, way: int = 0, quantity: int = 1) -> bool:
    """Whether the level had the pieces for it."""
    move = ledger.Move(
        variant_id=level.variant_id,
        location_id=level.location_id,
        from_state=WAYS[way][0],
        to_state=WAYS[way][1],
        quantity=quantity,
        reason=MovementReason.ADJUSTMENT,
    )
    return bool(await transaction(ledger.move, ctx, [move]))


async def moved(
    ctx: Context, level: StockLevel, quantity: int, days_ago: float, reason: str = "SALE"
) -> None:
    movement = await StockMovement.create(
        variant_id=level.variant_id,
        location_id=level.location_id,
        from_state="COMMITTED",
        to_state="OUTSIDE",
        quantity=quantity,
        reason=reason,
        actor_kind="SYSTEM",
    )
    moment = ctx.now() - timedelta(days=days_ago)
    await execute("UPDATE stock_movement SET created_at = ? WHERE id = ?", moment, movement.id)
