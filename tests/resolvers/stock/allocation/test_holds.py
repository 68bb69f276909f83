from __future__ import annotations

import asyncio

import pytest

from models.database import transaction
from models.errors import InsufficientStock, Refusals
from models.outbox import OutboxEvent
from models.stock.holds import StockHold
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import HoldRequest
from resolvers.stock.levels import availability
from tests.make.holds import hold, later, of
from tests.make.statements import counting
from tests.make.stock import a_level, a_location, a_variant, again, statuses


def numbers(level: StockLevel) -> tuple[int, int, int]:
    return level.available, level.held, level.committed


async def test_a_purchase_holds_commits_and_takes_out(ctx: Context) -> None:
    level = await a_level(ctx, 10)
    await hold(ctx, 1, of(level, 3))
    assert numbers(await again(level)) == (7, 3, 0)
    await transaction(allocation_holds.commit, ctx, 1)
    assert numbers(await again(level)) == (7, 0, 3)
    await transaction(allocation_holds.hand_over, ctx, 1)
    assert numbers(await again(level)) == (7, 0, 0)
    movements = await StockMovement.filter(document_type="Order").order_by("id")
    assert [(m.from_state, m.to_state, m.quantity, m.reason) for m in movements] == [
        ("AVAILABLE", "HELD", 3, "HOLD"),
        ("HELD", "COMMITTED", 3, "COMMIT"),
        ("COMMITTED", "OUTSIDE", 3, "SALE"),
    ]
    assert {m.document_id for m in movements} == {1}


async def test_what_is_done_twice_is_done_once(ctx: Context) -> None:
    level = await a_level(ctx, 10)
    await hold(ctx, 1, of(level, 3))
    await transaction(allocation_holds.commit, ctx, 1)
    await transaction(allocation_holds.commit, ctx, 1)
    await transaction(allocation_holds.hand_over, ctx, 1)
    events = await OutboxEvent.all().count()
    await transaction(allocation_holds.hand_over, ctx, 1)
    await transaction(allocation_holds.release, ctx, 1)
    await transaction(allocation_holds.commit, ctx, 1)
    assert numbers(await again(level)) == (7, 0, 0)
    assert await OutboxEvent.all().count() == events
    assert await statuses(1) == ["TAKEN"]


async def test_duplicate_lines_are_summed_before_they_are_held(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    with pytest.raises(Refusals) as refused:
        await hold(ctx, 1, of(level, 3), of(level, 3))
    (short,) = refused.value.refusals
    assert isinstance(short, InsufficientStock)
    assert (short.variant_id, short.requested, short.available) == (level.variant_id, 6, 5)
    await hold(ctx, 2, of(level, 2), of(level, 2), of(level, 1, fulfilment_id=2))
    assert [each.quantity for each in await StockHold.all().order_by("id")] == [4, 1]


async def test_all_lines_are_held_or_none_and_each_short_one_is_named(ctx: Context) -> None:
    plenty, few, none = await a_level(ctx, 10), await a_level(ctx, 1), await a_level(ctx, 0)
    with pytest.raises(Refusals) as refused:
        await hold(ctx, 1, of(few, 2), of(plenty, 2), of(none, 1))
    assert [(each.variant_id, each.available) for each in refused.value.refusals] == [
        (few.variant_id, 1),
        (none.variant_id, 0),
    ]
    assert numbers(await again(plenty)) == (10, 0, 0)
    assert await StockHold.all().count() == 0


async def test_a_level_that_does_not_exist_is_short(ctx: Context) -> None:
    variant, location = await a_variant(ctx), await a_location(ctx)
    request = HoldRequest(
        variant_id=variant.id, location_id=location.id, quantity=1, fulfilment_id=1
    )
    with pytest.raises(Refusals):
        await hold(ctx, 1, request)


async def test_safety_stock_stops_online_channels_but_not_the_counter(ctx: Context) -> None:
    level = await a_level(ctx, 5, safety_stock=3)
    with pytest.raises(Refusals) as refused:
        await hold(ctx, 1, of(level, 3))
    assert refused.value.refusals[0].available == 2  # type: ignore[attr-defined]
    await hold(ctx, 2, of(level, 2, 7), of(level, 3, 8), counter=frozenset({8}))
    assert numbers(await again(level)) == (0, 5, 0)


async def test_an_expired_hold_counts_at_once_and_yields_to_who_needs_it(ctx: Context) -> None:
    level = await a_level(ctx, 2)
    await hold(ctx, 1, of(level, 2))
    after = later(ctx, 15)
    assert await availability.of_variants(ctx, [level.variant_id]) == {level.variant_id: 0}
    assert await availability.of_variants(after, [level.variant_id]) == {level.variant_id: 2}
    await hold(after, 2, of(level, 1))
    assert numbers(await again(level)) == (1, 1, 0)
    assert await statuses(1) == ["RELEASED"]


async def test_a_late_payment_keeps_what_nobody_took_and_takes_again_what_was_released(
    ctx: Context,
) -> None:
    level = await a_level(ctx, 4)
    await hold(ctx, 1, of(level, 1))
    await hold(ctx, 2, of(level, 1))
    after = later(ctx, 20)
    await transaction(allocation_holds.commit, after, 1)
    assert await allocation_holds.release_expired(after) == 1
    assert await statuses(2) == ["RELEASED"]
    await transaction(allocation_holds.commit, after, 2)
    assert numbers(await again(level)) == (2, 0, 2)


async def test_a_late_payment_for_what_is_gone_is_refused_and_changes_nothing(ctx: Context) -> None:
    first, second = await a_level(ctx, 2), await a_level(ctx, 2)
    await hold(ctx, 1, of(first, 2), of(second, 2))
    after = later(ctx, 20)
    await hold(after, 2, of(second, 1))
    with pytest.raises(Refusals) as refused:
        await transaction(allocation_holds.commit, after, 1)
    (short,) = refused.value.refusals
    assert (short.variant_id, short.requested, short.available) == (second.variant_id, 2, 1)  # type: ignore[attr-defined]
    assert numbers(await again(first))[2] == 0
    assert "COMMITTED" not in await statuses(1)


async def test_a_late_payment_may_take_what_another_expired_hold_keeps(ctx: Context) -> None:
    level = await a_level(ctx, 2)
    await hold(ctx, 1, of(level, 2))
    await hold(later(ctx, 16), 2, of(level, 2))
    after = later(ctx, 60)
    await transaction(allocation_holds.commit, after, 1)
    assert (await statuses(1), await statuses(2)) == (["COMMITTED"], ["RELEASED"])
    assert numbers(await again(level)) == (0, 0, 2)


async def test_a_late_payment_spares_the_order_s_own_expired_holds(ctx: Context) -> None:
    """One comes out of another order's expired hold, the other is good though below the safety stock."""
    gone, kept = await a_level(ctx, 3), await a_level(ctx, 3, safety_stock=2)
    await hold(ctx, 1, of(gone, 3), of(kept, 1))
    after = later(ctx, 16)
    await hold(after, 2, of(gone, 3))
    await hold(after, 3, of(kept, 1), counter=frozenset({1}))
    await transaction(allocation_holds.commit, later(ctx, 60), 1)
    assert await statuses(1) == ["COMMITTED", "COMMITTED"]
    assert (await statuses(2), await statuses(3)) == (["RELEASED"], ["HELD"])


async def test_what_a_fulfilment_gives_back_is_never_taken_again(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await hold(ctx, 1, of(level, 1, 7), of(level, 2, 8))
    await transaction(allocation_holds.commit, ctx, 1)
    await transaction(allocation_holds.release, ctx, 1, 7)
    await transaction(allocation_holds.commit, ctx, 1)
    assert numbers(await again(level)) == (3, 0, 2)
    assert await statuses(1) == ["WITHDRAWN", "COMMITTED"]
    await transaction(allocation_holds.release, ctx, 1)
    await transaction(allocation_holds.commit, ctx, 1)
    assert numbers(await again(level)) == (5, 0, 0)


async def test_every_change_is_announced_once_with_its_place(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    before = await OutboxEvent.all().count()
    await hold(ctx, 1, of(level, 1, 7), of(level, 2, 8))
    (event,) = await OutboxEvent.all().order_by("id").offset(before)
    assert (event.topic, event.node_type, event.node_id) == (
        "stock.changed",
        "StockLevel",
        level.id,
    )
    assert (event.variant_id, event.location_id) == (level.variant_id, level.location_id)
    assert event.merchant_id == ctx.merchant_id
    assert event.organisation_id is not None


async def test_a_purchase_costs_few_statements(ctx: Context) -> None:
    levels = [await a_level(ctx, 9) for _ in range(3)]
    with counting() as statements:
        await hold(ctx, 1, *(of(level, 1) for level in levels))
    assert len(statements) == 2, statements
    with counting() as statements:
        await transaction(allocation_holds.commit, ctx, 1)
    assert len(statements) == 3, statements


async def test_200_parallel_holds_of_50_pieces_hold_exactly_50(ctx: Context) -> None:
    level = await a_level(ctx, 50)
    outcomes = await asyncio.gather(
        *(hold(ctx, order_id, of(level, 1)) for order_id in range(200)), return_exceptions=True
    )
    refused = [each for each in outcomes if each is not None]
    assert all(isinstance(each, Refusals) for each in refused), refused
    assert len(refused) == 150
    assert numbers(await again(level)) == (0, 50, 0)
    assert await StockHold.all().count() == 50


async def test_crossing_lines_neither_deadlock_nor_lose_pieces(ctx: Context) -> None:
    levels = [await a_level(ctx, 100) for _ in range(4)]
    orders = []
    for order_id in range(40):
        lines = [of(levels[(order_id + step) % 4], 1) for step in range(3)]
        orders.append(hold(ctx, order_id, *(lines if order_id % 2 else reversed(lines))))
    await asyncio.gather(*orders)
    await asyncio.gather(
        *(
            transaction(
                allocation_holds.commit if order_id % 2 else allocation_holds.release, ctx, order_id
            )
            for order_id in range(40)
        )
    )
    left = [numbers(await again(level)) for level in levels]
    assert left == [(90, 0, 10), (80, 0, 20), (90, 0, 10), (80, 0, 20)]


async def test_payment_racing_the_sweeper_has_one_outcome(ctx: Context) -> None:
    level = await a_level(ctx, 20)
    for order_id in range(20):
        await hold(ctx, order_id, of(level, 1))
    after = later(ctx, 16)
    await asyncio.gather(
        *(transaction(allocation_holds.commit, after, order_id) for order_id in range(20)),
        *(allocation_holds.release_expired(after, 5) for _ in range(20)),
        return_exceptions=False,
    )
    assert numbers(await again(level)) == (0, 0, 20)


async def test_late_payments_racing_new_buyers_sell_each_piece_once(ctx: Context) -> None:
    level = await a_level(ctx, 10)
    for order_id in range(10):
        await hold(ctx, order_id, of(level, 1))
    after = later(ctx, 16)
    outcomes = await asyncio.gather(
        *(transaction(allocation_holds.commit, after, order_id) for order_id in range(10)),
        *(hold(after, order_id, of(level, 1)) for order_id in range(100, 120)),
        return_exceptions=True,
    )
    assert all(each is None or isinstance(each, Refusals) for each in outcomes), outcomes
    assert outcomes.count(None) == 10
    now = await again(level)
    assert now.available == 0
    assert now.held + now.committed == 10
