"""What audits and histories rely on: how the ledger writes what it does."""

from __future__ import annotations

import pytest

from models.database import transaction
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.safety import SafetyStockDefault
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.ledger import ledger
from tests.make.holds import later
from tests.make.rows import a_row
from tests.make.stock import a_level, a_location, a_variant, again


async def test_pieces_that_are_on_record_and_not_there_undo_everything(ctx: Context) -> None:
    full, empty = await a_level(ctx, 5), await a_level(ctx, 0)
    before = await StockMovement.all().count()
    moves = [
        ledger.Move(
            variant_id=level.variant_id,
            location_id=level.location_id,
            from_state=StockState.AVAILABLE,
            to_state=StockState.DAMAGED,
            quantity=1,
            reason=MovementReason.DAMAGE,
        )
        for level in (full, empty)
    ]
    with pytest.raises(RuntimeError, match="fewer units"):
        await transaction(ledger.move_all, ctx, moves)
    assert ((await again(full)).available, (await again(empty)).available) == (5, 0)
    assert await StockMovement.all().count() == before


async def test_a_new_level_has_the_safety_stock_of_its_place(ctx: Context) -> None:
    place, other = await a_location(ctx), await a_location(ctx)
    variant = [await a_variant(ctx) for _ in range(other.id)][-1]
    for location, pieces in ((place, 3), (other, 7)):
        await a_row(SafetyStockDefault, {}, location_id=location.id, safety_stock=pieces)
    for location, pieces in ((place, 3), (other, 7)):
        await transaction(ledger.create_missing, ctx, [(variant.id, location.id)])
        level = await StockLevel.get(variant_id=variant.id, location_id=location.id)
        assert (level.available, level.safety_stock) == (0, pieces)


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
