from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.channels import Channel
from models.accounts.roles import Permission
from models.database import transaction
from models.errors import Refusals
from models.outbox import OutboxEvent
from models.stock.levels import StockLevel
from resolvers.bulk_rows import BatchOutcome, OnError
from resolvers.context import Context
from resolvers.stock.audit import audit
from resolvers.stock.ledger import ledger
from resolvers.stock.levels import availability
from resolvers.stock.levels.safety_stock import SafetyDraft, set_safety
from tests.make.holds import hold, of
from tests.make.stock import a_level, a_location, a_variant, actor_at, again, codes_of

SKIP, REJECT = OnError.SKIP_FAILED, OnError.REJECT_ALL


async def put(ctx: Context, *rows: tuple[str, str | None, int | None], **how: object):  # type: ignore[no-untyped-def]
    drafts = [
        SafetyDraft(location_code=code, sku=sku, quantity=quantity) for code, sku, quantity in rows
    ]
    return await set_safety(ctx, drafts, how.pop("on_error", REJECT), **how)  # type: ignore[arg-type]


def faults(outcome: BatchOutcome) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(each.code, each.path) for row in outcome.rows for each in row.refusals]


async def safety(level: StockLevel) -> int:
    return (await again(level)).safety_stock


async def test_a_level_follows_its_location_until_it_has_a_number_of_its_own(ctx: Context) -> None:
    store = await a_location(ctx)
    first, second = [await a_level(ctx, 9, location=store) for _ in range(2)]
    other = await a_level(ctx, 9)
    (_, sku), (code, _) = await codes_of(first), await codes_of(second)
    assert (await put(ctx, (code, None, 3))).updated == 2
    assert (await put(ctx, (code, sku, 5))).updated == 1
    assert (await put(ctx, (code, None, 4))).updated == 1
    assert [await safety(each) for each in (first, second, other)] == [5, 4, 0]
    assert (await put(ctx, (code, sku, None), (code, None, 2))).updated == 2
    assert [await safety(each) for each in (first, second, other)] == [2, 2, 0]
    late = await a_variant(ctx)
    await transaction(ledger.create_missing, ctx, [(late.id, store.id)])
    assert (await StockLevel.get(variant_id=late.id)).safety_stock == 2
    assert (await audit.run(ctx)).drifts == []


async def test_online_channels_leave_it_alone_at_once_and_the_counter_does_not(
    ctx: Context,
) -> None:
    level = await a_level(ctx, 5)
    code, sku = await codes_of(level)
    await put(ctx, (code, sku, 4))
    pc, counter = replace(ctx, channel=Channel.PC), replace(ctx, channel=Channel.STORE)
    assert await availability.of_variants(pc, [level.variant_id]) == {level.variant_id: 1}
    assert await availability.of_variants(counter, [level.variant_id]) == {level.variant_id: 5}
    with pytest.raises(Refusals):
        await hold(ctx, 1, of(level, 2))
    await hold(ctx, 1, of(level, 2), counter=frozenset({1}))


async def test_the_first_pieces_of_a_level_are_already_guarded(ctx: Context) -> None:
    store, variant = await a_location(ctx), await a_variant(ctx)
    await put(ctx, (store.code, variant.sku, 3))
    level = await a_level(ctx, 0, variant=variant, location=store, safety_stock=3)
    assert (level.available, level.safety_stock, level.safety_is_own) == (0, 3, True)


async def test_what_changes_is_told_and_what_does_not_is_not(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    code, sku = await codes_of(level)
    before = await OutboxEvent.all().count()
    await put(ctx, (code, sku, 4))
    assert await OutboxEvent.filter(topic="stock.changed", node_id=level.id).count() == 1
    version = (await again(level)).version
    assert (await put(ctx, (code, sku, 4))).updated == 0
    assert (await put(ctx, (code, sku, 9), dry_run=True)).updated == 1
    assert (await again(level)).version == version
    assert await OutboxEvent.all().count() == before + 1


async def test_faulty_rows_are_named_and_reject_the_batch_or_are_skipped(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    code, sku = await codes_of(level)
    rows = [
        (code, sku, 4),
        (code, sku, 5),
        (code, "NOTHING", 1),
        ("NOWHERE", None, 1),
        (code, None, -1),
        (code, None, 2**31),
        ("a b", "c d", 1),
    ]
    expected = [
        ("DUPLICATE", ("rows", 1, "sku")),
        ("NOT_FOUND", ("rows", 2, "sku")),
        ("NOT_FOUND", ("rows", 3, "locationCode")),
        ("INVALID", ("rows", 4, "quantity")),
        ("DUPLICATE", ("rows", 5, "locationCode")),
        ("INVALID", ("rows", 5, "quantity")),
        ("INVALID", ("rows", 6, "locationCode")),
        ("INVALID", ("rows", 6, "sku")),
    ]
    rejected = await put(ctx, *rows)
    assert sorted(faults(rejected), key=lambda fault: (fault[1][1], fault)) == expected
    assert await safety(level) == 0
    assert (await put(ctx, *rows, on_error=SKIP)).updated == 1
    assert await safety(level) == 4


async def test_it_stays_in_the_territory(ctx: Context) -> None:
    mine, other = await a_level(ctx, 5), await a_level(ctx, 5)
    await mine.fetch_related("location")
    writer = replace(ctx, actor=await actor_at(mine.location, Permission.STOCK_WRITE))
    outcome = await put(writer, (*await codes_of(other), 3), ((await codes_of(other))[0], None, 3))
    assert [code for code, _ in faults(outcome)] == ["NOT_FOUND", "NOT_FOUND"]
    assert await safety(other) == 0
    assert (await put(writer, (*await codes_of(mine), 3))).updated == 1


async def test_no_level_made_meanwhile_misses_the_default(ctx: Context) -> None:
    store = await a_location(ctx)
    variants = [await a_variant(ctx) for _ in range(12)]
    places = [(variant.id, store.id) for variant in variants]
    create = [transaction(ledger.create_missing, ctx, [place]) for place in places]
    await asyncio.gather(*create[:6], put(ctx, (store.code, None, 7)), *create[6:])
    assert {row.safety_stock for row in await StockLevel.filter(location_id=store.id)} == {7}
