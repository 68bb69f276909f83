"""What was sold of late, and what there is, for whoever may read stock where it stands."""

from __future__ import annotations

import pytest

from models.accounts.roles import Role
from models.database import fetch, is_postgres, transaction
from models.errors import InvalidInput
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.ledger import ledger
from resolvers.stock.levels import on_hand, sold_by_variant
from tests.make.goods import a_visitor
from tests.make.sales import later, staff_of
from tests.make.statements import counting
from tests.make.stock import a_level, a_location


async def sell(ctx: Context, level: StockLevel, quantity: int) -> None:
    await _move(ctx, level, quantity, StockState.AVAILABLE, StockState.OUTSIDE, MovementReason.SALE)


async def give_back(ctx: Context, level: StockLevel, quantity: int) -> None:
    into = (StockState.OUTSIDE, StockState.QUARANTINED)
    await _move(ctx, level, quantity, *into, MovementReason.RETURN)


async def _move(
    ctx: Context,
    level: StockLevel,
    quantity: int,
    from_state: StockState,
    to_state: StockState,
    reason: MovementReason,
) -> None:
    move = ledger.Move(
        variant_id=level.variant_id,
        location_id=level.location_id,
        from_state=from_state,
        to_state=to_state,
        quantity=quantity,
        reason=reason,
    )
    await transaction(ledger.move_all, ctx, [move])


async def two_places(ctx: Context) -> tuple[StockLevel, StockLevel]:
    """Levels of one variant: one had 2 pieces sold ten days before the other had 3, and now one came back."""
    one = await a_level(ctx, 10)
    other = await a_level(ctx, 20, variant=await one.variant, location=await a_location(ctx))
    await sell(ctx, one, 2)
    await sell(later(ctx, days=10), other, 3)
    await give_back(later(ctx, days=10), other, 1)
    return one, other


async def test_sales_of_the_last_days_are_added_up_and_what_came_back_is_no_matter(
    ctx: Context,
) -> None:
    one, _ = await two_places(ctx)
    now = later(ctx, days=10, minutes=1)
    variant = one.variant_id
    assert await sold_by_variant.of_variants(now, [variant], 30) == {variant: 5}
    assert await sold_by_variant.of_variants(now, [variant], 10) == {variant: 3}, (
        "to the minute, not the day"
    )
    assert await sold_by_variant.of_variants(now, [variant], 11) == {variant: 5}
    assert await sold_by_variant.of_variants(later(ctx, days=12), [variant], 1) == {variant: 0}


async def test_who_reads_the_stock_of_one_place_is_told_of_that_place(ctx: Context) -> None:
    one, _ = await two_places(ctx)
    variant = one.variant_id
    guide = later(await staff_of(ctx, one.location_id, Role.GUIDE), days=10)
    assert await sold_by_variant.of_variants(guide, [variant], 30) == {variant: 2}
    assert await on_hand.of_variants(guide, [variant]) == {variant: 8}
    headquarters = later(ctx, days=10)
    assert await on_hand.of_variants(headquarters, [variant]) == {variant: 26}, "quarantined too"
    visitor = later(a_visitor(ctx), days=10)
    assert await sold_by_variant.of_variants(visitor, [variant], 30) == {}
    assert await on_hand.of_variants(visitor, [variant]) == {variant: 25}, "what may be sold"
    marketer = later(await staff_of(ctx, one.location_id, Role.MARKETER), days=10)
    assert await sold_by_variant.of_variants(marketer, [variant], 30) == {}


async def test_a_period_has_one_to_366_days(ctx: Context) -> None:
    level = await a_level(ctx, 1)
    for days in (0, -1, 367, 2**31):
        for who in (ctx, a_visitor(ctx)):
            with pytest.raises(InvalidInput) as refused:
                await sold_by_variant.of_variants(who, [level.variant_id], days)
            assert refused.value.path == ("days",)


async def test_one_statement_answers_for_all_and_reads_the_index_of_sales_alone(
    ctx: Context,
) -> None:
    levels = [await a_level(ctx, 3) for _ in range(5)]
    for level in levels:
        await sell(ctx, level, 1)
    ids = [level.variant_id for level in levels]
    with counting() as statements:
        assert await sold_by_variant.of_variants(ctx, ids, 30) == dict.fromkeys(ids, 1)
        assert await sold_by_variant.of_variants(ctx, ids, 7) == dict.fromkeys(ids, 1)
        await on_hand.of_variants(ctx, ids)
    assert len(statements) <= 4, "the places are asked for once"
    if not is_postgres():  # which reads a few rows whole, however they are indexed
        plan = await fetch(
            "EXPLAIN QUERY PLAN SELECT m.variant_id, SUM(m.quantity) FROM stock_movement m"
            " WHERE m.reason = 'SALE' AND m.variant_id IN (SELECT value FROM json_each(?))"
            " AND m.created_at > ? AND +m.location_id IN (SELECT value FROM json_each(?))"
            " GROUP BY m.variant_id",
            "[1]",
            ctx.now(),
            "[1]",
        )
        assert any("COVERING INDEX idx_stock_movement_sold" in row["detail"] for row in plan), plan
