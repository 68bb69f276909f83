from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.roles import Permission
from models.database import fetch, is_postgres, transaction
from models.errors import IdempotencyKeyReused, InvalidInput, PermissionDenied
from models.outbox import OutboxEvent
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from resolvers.stock.levels.erp_sync import LevelDraft, SyncOutcome, set_levels
from tests.make.holds import hold, later, of
from tests.make.statements import counting
from tests.make.stock import a_level, a_location, a_variant, actor_at, again, codes_of


def row(code: str, sku: str, quantity: int, compared: int | None = None) -> LevelDraft:
    return LevelDraft(location_code=code, sku=sku, quantity=quantity, compare_quantity=compared)


async def put(
    ctx: Context, *rows: LevelDraft, key: str = "k", on_error: OnError = OnError.REJECT_ALL
) -> SyncOutcome:
    return await set_levels(ctx, rows, on_error, key)


def faults(outcome: SyncOutcome) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(each.code, each.path) for row in outcome.batch.rows for each in row.refusals]


async def test_missing_levels_are_created_and_the_difference_moves(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    outcome = await put(ctx, row(store.code, variant.sku, 7))
    assert [(each.external_code, each.ok) for each in outcome.batch.rows] == [
        (f"{store.code}/{variant.sku}", True)
    ]
    await put(ctx, row(store.code, variant.sku, 4), key="k2")
    moves = await StockMovement.all().order_by("id")
    assert [(m.from_state, m.to_state, m.quantity, m.reason) for m in moves] == [
        ("OUTSIDE", "AVAILABLE", 7, "SYNC"),
        ("AVAILABLE", "OUTSIDE", 3, "SYNC"),
    ]
    (level,) = await StockLevel.all()
    assert (level.available, list(outcome.level_ids)) == (4, [level.id])
    assert (await audit.run(ctx)).drifts == []


async def test_nothing_moves_and_nobody_is_told_when_nothing_differs(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    await put(ctx, row(store.code, variant.sku, 7))
    before = await StockMovement.all().count(), await OutboxEvent.all().count()
    version = (await StockLevel.get()).version
    await put(ctx, row(store.code, variant.sku, 7), key="k2")
    assert (await StockMovement.all().count(), await OutboxEvent.all().count()) == before
    assert (await StockLevel.get()).version == version


async def test_a_stale_write_is_refused_not_merged(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    code, sku = await codes_of(level)
    outcome = await put(ctx, row(code, sku, 9, compared=6))
    assert faults(outcome) == [("STALE_VERSION", ("rows", 0, "compareQuantity"))]
    assert (await again(level)).available == 5
    assert faults(await put(ctx, row(code, sku, 9, compared=5))) == []
    assert (await again(level)).available == 9


async def test_a_refused_row_leaves_no_level_behind(ctx: Context) -> None:
    store, variant, other = await a_location(ctx), await a_variant(ctx), await a_variant(ctx)
    rows = [row(store.code, variant.sku, 9, compared=6), row(store.code, other.sku, 2)]
    outcome = await set_levels(ctx, rows, OnError.SKIP_FAILED, "k")
    assert faults(outcome) == [("STALE_VERSION", ("rows", 0, "compareQuantity"))]
    assert await StockLevel.all().values_list("variant_id", "available") == [(other.id, 2)]


async def test_held_pieces_stay_held_and_expired_ones_count_as_available(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    code, sku = await codes_of(level)
    await hold(ctx, 1, of(level, 2))
    await put(ctx, row(code, sku, 4, compared=3))
    assert ((await again(level)).available, (await again(level)).held) == (4, 2)
    await put(later(ctx, 20), row(code, sku, 6, compared=6), key="k2")
    assert ((await again(level)).available, (await again(level)).held) == (6, 0)
    assert (await audit.run(ctx)).drifts == []


async def test_every_fault_is_named_by_index_and_field_and_nothing_is_done(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    outcome = await put(
        ctx,
        row(store.code, variant.sku, 1),
        row("NOWHERE", variant.sku, 1),
        row(store.code, "NOTHING", 1),
        row(store.code, variant.sku, 2),
        row("a b", "\0", -1, compared=-2),
    )
    assert outcome.batch.rejected
    assert faults(outcome) == [
        ("NOT_FOUND", ("rows", 1, "locationCode")),
        ("NOT_FOUND", ("rows", 2, "sku")),
        ("DUPLICATE", ("rows", 3, "sku")),
        ("INVALID", ("rows", 4, "locationCode")),
        ("INVALID", ("rows", 4, "sku")),
        ("INVALID", ("rows", 4, "quantity")),
        ("INVALID", ("rows", 4, "compareQuantity")),
    ]
    assert await StockLevel.all().count() == 0
    assert faults(await put(ctx, row(store.code, variant.sku, 1))) == []  # the key was not used up


async def test_sound_rows_are_done_where_faulty_ones_are_skipped(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    rows = [row("NOWHERE", variant.sku, 1), row(store.code, variant.sku, 3)]
    first = await put(ctx, *rows, on_error=OnError.SKIP_FAILED)
    assert [each.ok for each in first.batch.rows] == [False, True]
    assert first.batch.refusals == []
    second = await put(ctx, *rows, on_error=OnError.SKIP_FAILED)
    assert (faults(second), list(second.level_ids)) == (faults(first), list(first.level_ids))
    assert [str(each) for each in second.batch.rows[0].refusals] == [
        "There is no location NOWHERE."
    ]
    assert await StockMovement.all().count() == 1


async def test_a_key_answers_for_its_own_rows_only(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    await put(ctx, row(store.code, variant.sku, 1))
    with pytest.raises(IdempotencyKeyReused):
        await put(ctx, row(store.code, variant.sku, 2))
    assert (await StockLevel.get()).available == 1


async def test_locations_beyond_the_territory_are_not_there(ctx: Context) -> None:
    mine, other, variant = await a_location(ctx), await a_location(ctx), await a_variant(ctx)
    keeper = await actor_at(mine, Permission.STOCK_WRITE)
    outcome = await put(
        replace(ctx, actor=keeper),
        row(mine.code, variant.sku, 1),
        row(other.code, variant.sku, 1),
        on_error=OnError.SKIP_FAILED,
    )
    assert faults(outcome) == [("NOT_FOUND", ("rows", 1, "locationCode"))]
    reader = await actor_at(mine, Permission.STOCK_READ)
    with pytest.raises(PermissionDenied):
        await put(replace(ctx, actor=reader), row(mine.code, variant.sku, 1))


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_1_to_500_rows(ctx: Context, count: int) -> None:
    with pytest.raises(InvalidInput):
        await put(ctx, *(row("A", f"S{number}", 1) for number in range(count)))


async def test_500_rows_take_few_statements(ctx: Context) -> None:
    stores = [await a_location(ctx) for _ in range(10)]
    variants = [await a_variant(ctx) for _ in range(50)]
    rows = [row(store.code, variant.sku, 5) for store in stores for variant in variants]
    with counting() as statements:
        await put(ctx, *rows)
    assert len(statements) <= 12, statements
    with counting() as statements:
        await put(ctx, *rows, key="again")
    assert len(statements) <= 6, statements
    assert await StockMovement.all().count() == 500
    assert (await audit.run(ctx)).checked_levels == 500


async def test_sqlite_finds_the_levels_of_a_large_batch_by_their_key(ctx: Context) -> None:
    if is_postgres():
        pytest.skip("PostgreSQL knows how many levels there are")
    store = await a_location(ctx)
    skus = [(await a_variant(ctx)).sku for _ in range(400)]
    with counting() as statements:
        await put(ctx, *(row(store.code, sku, 1) for sku in skus))
    about = [each.rpartition(": ")[0] for each in statements if "WITH " in each]
    assert len(about) == 3
    for statement in about:
        plan = await fetch(f"EXPLAIN QUERY PLAN {statement}", *[1] * statement.count("?"))
        steps = [each["detail"] for each in plan]
        assert [each for each in steps if each.startswith(("SCAN level", "SCAN stock_"))] == []


async def test_setting_races_buying_without_losing_a_piece(ctx: Context) -> None:
    level = await a_level(ctx, 50)
    code, sku = await codes_of(level)
    outcomes = await asyncio.gather(
        *(hold(ctx, order_id, of(level, 1)) for order_id in range(30)),
        *(put(ctx, row(code, sku, 40 + step), key=f"s{step}") for step in range(10)),
        *(transaction(allocation_holds.release, ctx, order_id) for order_id in range(5)),
        return_exceptions=True,
    )
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert (await audit.run(ctx)).drifts == []


async def test_two_batches_that_create_the_same_levels_meet_in_one(ctx: Context) -> None:
    stores = [await a_location(ctx) for _ in range(4)]
    variant = await a_variant(ctx)
    rows = [row(store.code, variant.sku, 3) for store in stores]
    await asyncio.gather(
        *(put(ctx, *(rows if turn % 2 else rows[::-1]), key=f"t{turn}") for turn in range(8))
    )
    assert [level.available for level in await StockLevel.all()] == [3, 3, 3, 3]
    assert await StockMovement.all().count() == 4
