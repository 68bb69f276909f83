"""A batch of orders gets what the same orders would have got one by one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from models.database import transaction
from models.errors import Refusals
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.hold_allocation import Granted, grant
from resolvers.stock.allocation.holds import HoldRequest
from resolvers.stock.ledger.ledger import Move
from tests.make.statements import counting
from tests.make.stock import a_level, again


def hold_of(level: StockLevel, quantity: int, *, online: bool = True) -> Move:
    return Move(
        variant_id=level.variant_id,
        location_id=level.location_id,
        from_state=StockState.AVAILABLE,
        to_state=StockState.HELD,
        quantity=quantity,
        reason=MovementReason.HOLD,
        document=("Order", 1),
        above_safety=online,
    )


async def granted(ctx: Context, *wants: list[Move]) -> Granted:
    return await transaction(grant, ctx, wants)


async def standing(*levels: StockLevel) -> list[tuple[int, int]]:
    return [((found := await again(level)).available, found.held) for level in levels]


async def test_whole_orders_are_served_in_their_order_of_arrival(ctx: Context) -> None:
    scarce, plenty = await a_level(ctx, 5), await a_level(ctx, 100)
    found = await granted(
        ctx,
        [hold_of(scarce, 3), hold_of(plenty, 1)],
        [hold_of(scarce, 3), hold_of(plenty, 1)],
        [hold_of(scarce, 2)],
        [hold_of(scarce, 1)],
        [hold_of(plenty, 7)],
    )
    assert [bool(each) for each in found.shortages] == [False, True, False, True, False]
    (missing,) = found.shortages[1]
    assert (missing.requested, missing.available) == (3, 2)
    assert await standing(scarce, plenty) == [(0, 5), (92, 8)]


async def test_a_batch_for_a_level_with_enough_is_one_statement(ctx: Context) -> None:
    level = await a_level(ctx, 100)
    with counting() as statements:
        found = await granted(ctx, *[[hold_of(level, 1)] for _ in range(50)])
    assert not any(found.shortages)
    assert len(statements) == 1, statements
    assert await standing(level) == [(50, 50)]


async def test_expired_holds_are_given_back_before_anybody_is_refused(ctx: Context) -> None:
    level = await a_level(ctx, 3)
    old = replace(ctx, clock=lambda: ctx.now() - timedelta(hours=1))
    request = HoldRequest(
        variant_id=level.variant_id, location_id=level.location_id, quantity=2, fulfilment_id=9
    )
    await transaction(allocation_holds.hold, old, 9, [request], old.now())
    found = await granted(ctx, [hold_of(level, 2)], [hold_of(level, 1)], [hold_of(level, 1)])
    assert [bool(each) for each in found.shortages] == [False, False, True]
    assert await standing(level) == [(0, 3)]
    assert [each.id for each in found.freed] == [level.id]


async def test_a_batch_equals_one_by_one(ctx: Context) -> None:
    """Counter and online, safety stock and all: by chance, many times."""
    chance = random.Random(7)
    for _ in range(25):
        pieces, safety = chance.randint(0, 8), chance.randint(0, 3)
        pair = [
            [await a_level(ctx, pieces + n, safety_stock=safety) for n in range(2)]
            for _ in range(2)
        ]
        orders = [
            [
                (n, chance.randint(1, 3), chance.random() < 0.6)
                for n in sorted(chance.sample([0, 1], chance.randint(1, 2)))
            ]
            for _ in range(chance.randint(1, 5))
        ]

        def wanted(order: list[tuple[int, int, bool]], levels: list[StockLevel]) -> list[Move]:
            return [hold_of(levels[n], quantity, online=online) for n, quantity, online in order]

        together = await granted(ctx, *[wanted(order, pair[0]) for order in orders])
        alone = [(await granted(ctx, wanted(order, pair[1]))).shortages[0] for order in orders]
        assert [bool(each) for each in together.shortages] == [bool(each) for each in alone], orders
        assert [
            [(each.requested, each.available) for each in missing] for missing in together.shortages
        ] == [[(each.requested, each.available) for each in missing] for missing in alone]
        assert await standing(*pair[0]) == await standing(*pair[1])


async def test_a_level_that_is_not_there_is_short(ctx: Context) -> None:
    level = await a_level(ctx, 3)
    nowhere = replace(hold_of(level, 1), location_id=level.location_id + 1_000_000)
    found = await granted(ctx, [nowhere], [hold_of(level, 1)])
    assert [[each.available for each in missing] for missing in found.shortages] == [[0], []]
    assert Refusals(found.shortages[0])
    assert await standing(level) == [(2, 1)]
