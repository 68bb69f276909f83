from __future__ import annotations

from dataclasses import replace

from models.accounts.roles import Permission
from models.database import execute, transaction
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from tests.make.holds import hold, of
from tests.make.stock import a_level, actor_at


async def test_a_sound_ledger_has_no_drift(ctx: Context) -> None:
    levels = [await a_level(ctx, 5) for _ in range(3)]
    await hold(ctx, 1, of(levels[0], 2), of(levels[1], 1))
    await hold(ctx, 2, of(levels[0], 1))
    await transaction(allocation_holds.commit, ctx, 1)
    result = await audit.run(ctx)
    assert (result.checked_levels, result.drifts) == (3, [])


async def test_a_number_that_no_movement_explains_is_found(ctx: Context) -> None:
    level, sound = await a_level(ctx, 5), await a_level(ctx, 5)
    await execute("UPDATE stock_level SET available = 6, damaged = 1 WHERE id = ?", level.id)
    drifts = (await audit.run(ctx)).drifts
    assert {(d.level_id, d.state, d.recorded, d.expected) for d in drifts} == {
        (level.id, StockState.AVAILABLE, 6, 5),
        (level.id, StockState.DAMAGED, 1, 0),
    }
    assert sound.id not in {drift.level_id for drift in drifts}


async def test_a_movement_that_changed_no_level_is_found(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await execute("UPDATE stock_movement SET quantity = 4")
    (drift,) = (await audit.run(ctx)).drifts
    assert (drift.level_id, drift.recorded, drift.expected) == (level.id, 5, 4)


async def test_holds_that_contradict_the_level_are_found(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await hold(ctx, 1, of(level, 2))
    await execute("UPDATE stock_hold SET status = 'COMMITTED'")
    drifts = (await audit.run(ctx)).drifts
    assert {(d.state, d.recorded, d.expected) for d in drifts} == {
        (StockState.HELD, 2, 0),
        (StockState.COMMITTED, 0, 2),
    }


async def test_an_audit_stays_in_the_territory(ctx: Context) -> None:
    mine, other = await a_level(ctx, 1), await a_level(ctx, 1)
    await execute("UPDATE stock_level SET available = 2")
    await mine.fetch_related("location")
    reader = replace(ctx, actor=await actor_at(mine.location, Permission.STOCK_READ))
    result = await audit.run(reader)
    assert (result.checked_levels, [d.level_id for d in result.drifts]) == (1, [mine.id])
    assert (await audit.run(reader, other.location_id)).checked_levels == 0
    assert (await audit.run(ctx, other.location_id)).checked_levels == 1
