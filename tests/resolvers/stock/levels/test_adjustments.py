from __future__ import annotations

import pytest

from models.errors import InsufficientStock, InvalidInput, NotFound
from models.stock.ledger import StockMovement
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.audit import audit
from resolvers.stock.levels.adjustments import Adjustment, AdjustmentDraft, adjust
from tests.make.holds import hold, later, of
from tests.make.stock import a_level, a_location, a_variant, again, codes_of


async def move(
    ctx: Context, codes: tuple[str, str], path: str, quantity: int, reason: str, key: str = "k"
) -> Adjustment:
    origin, target = path.split(">")
    draft = AdjustmentDraft(
        location_code=codes[0],
        sku=codes[1],
        from_state=StockState(origin),
        to_state=StockState(target),
        quantity=quantity,
        reason=MovementReason(reason),
        note=" fell off the shelf ",
    )
    return await adjust(ctx, draft, key)


async def test_pieces_move_with_their_reason_and_note(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    done = await move(ctx, await codes_of(level), "AVAILABLE>DAMAGED", 2, "DAMAGE")
    now = await again(level)
    assert (now.available, now.damaged, done.level_id) == (3, 2, level.id)
    movement = await StockMovement.get(id=done.movement_id)
    assert (movement.quantity, movement.reason, movement.note) == (
        2,
        "DAMAGE",
        "fell off the shelf",
    )
    assert (await audit.run(ctx)).drifts == []


async def test_the_same_key_moves_once(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    codes = await codes_of(level)
    first = await move(ctx, codes, "AVAILABLE>OUTSIDE", 2, "STOCKTAKE")
    assert await move(ctx, codes, "AVAILABLE>OUTSIDE", 2, "STOCKTAKE") == first
    assert (await again(level)).available == 3


async def test_what_comes_in_makes_its_level(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    await move(ctx, (store.code, variant.sku), "OUTSIDE>QUARANTINED", 4, "RETURN")
    result = await audit.run(ctx)
    assert (result.checked_levels, result.drifts) == (1, [])


async def test_pieces_that_are_not_there_are_refused_with_the_number_that_is(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    with pytest.raises(InsufficientStock) as refused:
        await move(ctx, await codes_of(level), "AVAILABLE>OUTSIDE", 6, "DAMAGE")
    assert (refused.value.requested, refused.value.available) == (6, 5)
    with pytest.raises(InsufficientStock) as refused:
        await move(ctx, await codes_of(level), "DAMAGED>OUTSIDE", 1, "DAMAGE")
    assert refused.value.available == 0
    assert str(refused.value) == "Only 0 of the 1 asked for are DAMAGED."
    assert (await again(level)).version == level.version


async def test_expired_holds_can_be_adjusted_away_but_running_ones_cannot(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await hold(ctx, 1, of(level, 5))
    with pytest.raises(InsufficientStock):
        await move(ctx, await codes_of(level), "AVAILABLE>OUTSIDE", 1, "DAMAGE")
    await move(later(ctx, 20), await codes_of(level), "AVAILABLE>OUTSIDE", 1, "DAMAGE")
    assert (await again(level)).available == 4


@pytest.mark.parametrize(
    ("path", "quantity", "reason", "field"),
    [
        ("HELD>AVAILABLE", 1, "ADJUSTMENT", "fromState"),
        ("AVAILABLE>COMMITTED", 1, "ADJUSTMENT", "toState"),
        ("AVAILABLE>AVAILABLE", 1, "ADJUSTMENT", "toState"),
        ("AVAILABLE>OUTSIDE", 1, "SALE", "reason"),
        ("AVAILABLE>OUTSIDE", 0, "DAMAGE", "quantity"),
        ("AVAILABLE>OUTSIDE", 2**31, "DAMAGE", "quantity"),
    ],
)
async def test_what_nobody_may_do_by_hand_is_refused(
    ctx: Context, path: str, quantity: int, reason: str, field: str
) -> None:
    level = await a_level(ctx, 5)
    with pytest.raises(InvalidInput) as refused:
        await move(ctx, await codes_of(level), path, quantity, reason)
    assert refused.value.path == (field,)
    assert (await again(level)).available == 5


async def test_unknown_places_are_named(ctx: Context) -> None:
    store = await a_location(ctx)
    with pytest.raises(NotFound) as refused:
        await move(ctx, (store.code, "NOTHING"), "OUTSIDE>AVAILABLE", 1, "ADJUSTMENT")
    assert refused.value.path == ("sku",)
