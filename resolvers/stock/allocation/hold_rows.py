"""Rows of holds: locked together with their levels, and changed together with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import fetch, for_update, marks
from models.deferred_writes import change_later
from models.stock.levels import LevelKey
from models.stock.states import HoldStatus, MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.ledger.ledger import ChangedLevel, Move, move_all

EXPIRED = "hold.status = 'HELD' AND hold.expires_at <= ?"


@dataclass(frozen=True, slots=True)
class Held:
    """A hold whose level is locked; `available` and `safety_stock` belong to the level.

    `serials_of` is the ID of the merchant if the variant tracks serial numbers, else None.
    """

    id: int
    order_id: int
    quantity: int
    status: HoldStatus
    below_safety: bool
    level_id: int
    variant_id: int
    location_id: int
    available: int
    safety_stock: int
    serials_of: int | None

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id

    def move(
        self, from_state: StockState, to_state: StockState, reason: MovementReason, **options: Any
    ) -> Move:
        return Move(
            variant_id=self.variant_id,
            location_id=self.location_id,
            from_state=from_state,
            to_state=to_state,
            quantity=self.quantity,
            reason=reason,
            document=("Order", self.order_id),
            **options,
        )


async def locked(condition: str, *values: Any) -> list[Held]:
    """Lock the levels of the holds that meet `condition`, in the order of keys. Return those holds.

    FROM names levels before holds, so PostgreSQL locks each level before its holds, as all other code does.
    """
    rows = await fetch(
        "SELECT hold.id, hold.order_id, hold.quantity, hold.status, hold.below_safety, level.id AS"
        " level_id, level.variant_id, level.location_id, level.available, level.safety_stock,"
        " (SELECT merchant_id FROM variant WHERE variant.id = level.variant_id"
        " AND variant.tracks_serials) AS serials_of"
        " FROM stock_level AS level JOIN stock_hold AS hold ON hold.level_id = level.id"
        f" WHERE {condition} ORDER BY level.variant_id, level.location_id, hold.id{for_update()}",
        *values,
    )
    return [
        Held(
            **{
                **row,
                "status": HoldStatus(row["status"]),
                "below_safety": bool(row["below_safety"]),
            }
        )
        for row in rows
    ]


async def set_status(holds: Collection[Held], status: HoldStatus) -> None:
    """Set the status of locked holds."""
    ids = [hold.id for hold in holds]
    if ids:
        change = f"UPDATE stock_hold SET status = ? WHERE id IN ({marks(ids)})"
        await change_later("stock_hold", change, str(status), *ids)


async def free(ctx: Context, holds: Sequence[Held], status: HoldStatus) -> list[ChangedLevel]:
    """Make the units of locked holds available, and set the holds to `status`. Return the changed levels."""
    states = {HoldStatus.HELD: StockState.HELD, HoldStatus.COMMITTED: StockState.COMMITTED}
    await set_status(holds, status)
    return await move_all(
        ctx,
        [
            hold.move(states[hold.status], StockState.AVAILABLE, MovementReason.RELEASE)
            for hold in holds
            if hold.status in states
        ],
    )


async def free_expired(
    ctx: Context, level_ids: Iterable[int], *, except_order: int | None = None
) -> list[ChangedLevel]:
    """Release the expired holds at these levels, except those of `except_order`."""
    ids = sorted(level_ids)
    if not ids:
        return []
    expired = await locked(f"{EXPIRED} AND hold.level_id IN ({marks(ids)})", ctx.now(), *ids)
    others = [hold for hold in expired if hold.order_id != except_order]
    return await free(ctx, others, HoldStatus.RELEASED)
