"""What audits and histories rely on: how the ledger writes what it does."""

from __future__ import annotations

from models.database import transaction
from models.stock.ledger import StockMovement
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.ledger import ledger
from tests.make.holds import later
from tests.make.stock import a_level, again


async def test_the_history_of_a_level_never_runs_backwards(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    damage = ledger.Move(
        variant_id=level.variant_id,
        location_id=level.location_id,
        from_state=StockState.AVAILABLE,
        to_state=StockState.DAMAGED,
        quantity=1,
        reason=MovementReason.DAMAGE,
    )
    slow_clock = later(ctx, -30)
    for clock in (later(ctx, 5), slow_clock, later(ctx, 6)):
        await transaction(ledger.move_all, clock, [damage])
    times = [row.created_at for row in await StockMovement.all().order_by("id")]
    assert times == sorted(times)
    assert (await again(level)).updated_at == times[-1]
    assert (await again(level)).damaged == 3
