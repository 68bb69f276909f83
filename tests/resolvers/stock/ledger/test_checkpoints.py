"""Audits and looks into the past that start where the ledger was last added up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from models.accounts.roles import Permission
from models.database import execute, fetch
from models.errors import InvalidInput
from models.stock.checkpoints import StockCheckpoint
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.rules import ON_HAND_STATES, Quantities
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from resolvers.stock.ledger import as_of, checkpoints
from resolvers.stock.levels import levels
from tests.make.holds import hold, later, of
from tests.make.movements import go
from tests.make.stock import a_level, a_location, a_variant, actor_at


async def busy(ctx: Context, level: StockLevel, times: int) -> None:
    for _ in range(times):
        await go(ctx, level)


async def stood(ctx: Context, at: datetime, **where: int) -> dict[int, Quantities]:
    page = await as_of.page(ctx, at, as_of.SnapshotFilter(**where), PageRequest(first=250))
    return {row.level_id: row.quantities for row in page.rows}


async def test_an_audit_replays_what_came_since_and_a_full_one_everything(ctx: Context) -> None:
    busy_level, quiet = await a_level(ctx, 5), await a_level(ctx, 5)
    await busy(ctx, busy_level, checkpoints.MOVEMENTS)
    assert await checkpoints.advance(ctx) == 1
    assert await checkpoints.advance(ctx) == 0
    (point,) = await StockCheckpoint.all()
    assert (point.level_id, point.available) == (busy_level.id, 5 + checkpoints.MOVEMENTS)
    await busy(ctx, busy_level, 2)
    found, full = await audit.run(ctx), await audit.run(ctx, full=True)
    assert (found.replayed_movements, full.replayed_movements) == (3, checkpoints.MOVEMENTS + 4)
    assert (found.drifts, full.drifts, full.checked_levels) == ([], [], 2)
    assert (await audit.run(ctx, quiet.location_id)).replayed_movements == 1


async def test_what_was_changed_before_a_checkpoint_is_found_by_a_full_audit(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await busy(ctx, level, checkpoints.MOVEMENTS)
    await checkpoints.advance(ctx)
    await execute("UPDATE stock_movement SET quantity = 4 WHERE quantity = 5")
    assert (await audit.run(ctx)).drifts == []
    (drift,) = (await audit.run(ctx, full=True)).drifts
    assert (drift.level_id, drift.recorded - drift.expected) == (level.id, 1)


async def test_no_checkpoint_skips_a_movement_that_commits_late(ctx: Context) -> None:
    """Levels change in parallel while others add up: every checkpoint equals the ledger up to it."""
    store = await a_location(ctx)
    found = [await a_level(ctx, 50, location=store) for _ in range(3)]
    running = True

    async def add_up() -> None:
        while running:
            await checkpoints.advance(ctx)
            await asyncio.sleep(0.005)

    adding = [asyncio.create_task(add_up()) for _ in range(2)]
    work = [go(ctx, level, random.randrange(5)) for level in found * 45]
    await asyncio.gather(*work)
    running = False
    await asyncio.gather(*adding)
    await checkpoints.advance(ctx)
    assert await StockCheckpoint.all().count() >= 3
    for point in await StockCheckpoint.all():
        level = next(each for each in found if each.id == point.level_id)
        assert await _by_hand(level, "id <= ?", point.sequence) == Quantities(
            point.available, point.held, point.committed, point.damaged, point.quarantined
        )
    assert (await audit.run(ctx, full=True)).drifts == []


async def _by_hand(level: StockLevel, condition: str, value: object) -> Quantities:
    rows = await fetch(
        "SELECT from_state, to_state, quantity FROM stock_movement"
        f" WHERE variant_id = ? AND location_id = ? AND {condition}",
        level.variant_id,
        level.location_id,
        value,
    )
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["to_state"]] += row["quantity"]
        sums[row["from_state"]] -= row["quantity"]
    return Quantities(*(sums[state] for state in ON_HAND_STATES))


@pytest.mark.parametrize("checkpointed", [False, True])
async def test_any_instant_of_the_past_can_be_asked(ctx: Context, checkpointed: bool) -> None:
    chance = random.Random(7)
    store, variant = await a_location(ctx), await a_variant(ctx)
    found = [await a_level(ctx, 9, location=store), await a_level(ctx, 9, variant=variant)]
    for minute in range(90):
        for level in found:
            await go(later(ctx, minute), level, chance.randrange(5), chance.randrange(1, 4))
        if checkpointed and minute % 20 == 0:
            await checkpoints.advance(ctx)
    assert (await StockCheckpoint.all().count() > 3) is checkpointed
    now = later(ctx, 100)
    moments = [row.created_at for row in await StockMovement.all().order_by("id")]
    microsecond = timedelta(microseconds=1)
    for moment in chance.sample(moments, 20):
        for at in (moment - microsecond, moment, moment + microsecond):
            expected = {each.id: await _by_hand(each, "created_at <= ?", at) for each in found}
            assert await stood(now, at, location_id=store.id) == {
                found[0].id: expected[found[0].id]
            }
            assert await stood(now, at, variant_id=variant.id) == {
                found[1].id: expected[found[1].id]
            }
    before = await stood(now, moments[0] - microsecond, location_id=store.id)
    assert before == {found[0].id: Quantities()}


async def test_a_hold_counts_in_the_past_as_it_was_shown_then(ctx: Context) -> None:
    level = await a_level(ctx, 9)
    await hold(ctx, 1, of(level, 3))
    await hold(later(ctx, 1), 2, of(level, 2))
    after = later(ctx, 60)
    for minutes in (5, 15.5, 30):
        then = later(ctx, minutes)
        shown = (await levels.by_ids(then, [level.id]))[level.id].quantities
        assert (await stood(after, then.now(), variant_id=level.variant_id))[level.id] == shown
    await allocation_holds.release_expired(after)
    shown = Quantities(available=7, held=2)
    moment = later(ctx, 15.2).now()
    assert (await stood(later(ctx, 61), moment, variant_id=level.variant_id))[level.id] == shown


async def test_the_past_stays_in_the_territory_and_the_future_is_refused(ctx: Context) -> None:
    mine, other = await a_level(ctx, 1), await a_level(ctx, 1)
    await mine.fetch_related("location")
    reader = replace(ctx, actor=await actor_at(mine.location, Permission.STOCK_READ))
    now = ctx.now()
    assert list(await stood(reader, now, location_id=mine.location_id)) == [mine.id]
    assert await stood(reader, now, location_id=other.location_id) == {}
    assert await stood(reader, now, variant_id=other.variant_id) == {}
    for at, where in ((now + timedelta(minutes=1), {"location_id": 1}), (now, {})):
        with pytest.raises(InvalidInput):
            await stood(replace(reader, clock=lambda: now), at, **where)
