"""What was sold at places: only sales, only there, only of the days asked about, only for who may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.accounts.roles import Permission
from models.errors import InvalidInput
from resolvers.context import Actor, Context
from resolvers.stock.levels import sold_by_level
from tests.make.movements import moved
from tests.make.statements import counting
from tests.make.stock import a_level, a_location, a_variant, actor_at


async def test_sales_of_the_days_are_added_up_for_each_level_in_one_statement(ctx: Context) -> None:
    variant, here, there = await a_variant(ctx), await a_location(ctx), await a_location(ctx)
    one = await a_level(ctx, 5, variant=variant, location=here)
    two = await a_level(ctx, 5, variant=variant, location=there)
    other = await a_level(ctx, 5, location=here)
    for quantity, days_ago in ((2, 0.1), (3, 6.9), (40, 7.1), (500, 400)):
        await moved(ctx, one, quantity, days_ago)
    await moved(ctx, two, 7, 1)
    await moved(ctx, two, 100, 1, reason="ADJUSTMENT")
    ids = [one.id, two.id, other.id]
    with counting() as statements:
        found = await sold_by_level.of_levels(ctx, ids, 7)
    assert found == {one.id: 5, two.id: 7, other.id: 0}
    assert len(statements) == 1
    assert await sold_by_level.of_levels(ctx, [one.id], 8) == {one.id: 45}
    assert await sold_by_level.of_levels(ctx, [one.id], 366) == {one.id: 45}


async def test_only_who_may_read_stock_there_knows(ctx: Context) -> None:
    here, there = await a_location(ctx), await a_location(ctx)
    mine, theirs = await a_level(ctx, 5, location=here), await a_level(ctx, 5, location=there)
    for level in (mine, theirs):
        await moved(ctx, level, 3, 1)
    clerk = replace(ctx, actor=await actor_at(here, Permission.STOCK_READ))
    assert await sold_by_level.of_levels(clerk, [mine.id, theirs.id], 30) == {mine.id: 3}
    with counting() as statements:
        nobody = replace(ctx, actor=Actor())
        assert await sold_by_level.of_levels(nobody, [mine.id], 30) == {}
    assert statements == []


@pytest.mark.parametrize("days", [0, -1, 367, 2**31 - 1])
async def test_other_numbers_of_days_are_refused(ctx: Context, days: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        await sold_by_level.of_levels(replace(ctx, actor=Actor()), [1], days)
    assert refused.value.path == ("days",)
