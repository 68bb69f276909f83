"""Counting blind while selling goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import (
    Forbidden,
    InsufficientStock,
    InvalidInput,
    NotFound,
    PermissionDenied,
    Refusals,
    StateConflict,
)
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.documents import history_of
from resolvers.stock.documents.kinds import STOCKTAKES
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.stocktakes import stocktakes
from resolvers.stock.stocktakes.approval import approve
from resolvers.stock.stocktakes.counting import CountDraft, count, recount
from resolvers.stock.stocktakes.opening import cancel, open_
from tests.make.holds import hold, later, of
from tests.make.stock import a_level, a_location, a_variant, actor_at, again
from tests.make.stocktakes import opened

STAFF = (Permission.STOCK_READ, Permission.STOCK_COUNT)
HQ = (*STAFF, Permission.STOCK_WRITE)


async def people(ctx: Context, location: Location) -> tuple[Context, Context]:
    """Somebody who counts at the location, and somebody else who may approve there."""
    counter, boss = await actor_at(location, *STAFF), await actor_at(location, *HQ)
    return replace(ctx, actor=replace(counter, id=1001)), replace(ctx, actor=replace(boss, id=1002))


async def shelf(ctx: Context, *pieces: int) -> tuple[Location, list[StockLevel]]:
    store = await a_location(ctx)
    return store, [await a_level(ctx, each, location=store) for each in pieces]


async def counted(ctx: Context, row: Stocktake, *counts: tuple[StockLevel, int]) -> Stocktake:
    drafts = [CountDraft(level.variant_id, quantity) for level, quantity in counts]
    return await count(ctx, row.id, drafts, None, None)


async def differences(row: Stocktake) -> list[int]:
    return [
        line.difference for line in await StocktakeLine.filter(stocktake_id=row.id).order_by("id")
    ]


async def sell(ctx: Context, order_id: int, level: StockLevel, quantity: int) -> None:
    await hold(ctx, order_id, of(level, quantity, order_id))
    await transaction(allocation_holds.commit, ctx, order_id)
    await transaction(allocation_holds.hand_over, ctx, order_id)


async def test_what_is_sold_before_and_after_a_count_does_not_count_as_missing(
    ctx: Context,
) -> None:
    store, (missing, more, right) = await shelf(ctx, 10, 5, 7)
    counter, boss = await people(ctx, store)
    row = await opened(counter, missing, more, right)
    assert (row.status, row.number[:3]) == (StocktakeStatus.OPEN, "ST-")
    await sell(ctx, 1, missing, 3)  # 7 are left, one of which nobody finds
    await hold(ctx, 2, of(missing, 2))  # still on the shelf
    row = await counted(counter, row, (missing, 6), (more, 6))
    assert row.status is StocktakeStatus.OPEN
    await sell(ctx, 3, missing, 2)
    await sell(ctx, 4, more, 5)
    row = await counted(counter, row, (right, 7))
    assert (row.status, await differences(row)) == (StocktakeStatus.COUNTED, [-1, 1, 0])
    row = await approve(boss, row.id, "k")
    assert row.status is StocktakeStatus.APPROVED
    now = [await again(each) for each in (missing, more, right)]
    assert [(each.available, each.held) for each in now] == [(2, 2), (1, 0), (7, 0)]
    moves = await StockMovement.filter(reason="STOCKTAKE").order_by("variant_id")
    assert [(m.from_state, m.to_state, m.quantity, m.document_type) for m in moves] == [
        ("AVAILABLE", "OUTSIDE", 1, "Stocktake"),
        ("OUTSIDE", "AVAILABLE", 1, "Stocktake"),
    ]
    assert {m.document_id for m in moves} == {row.id}
    assert (await approve(boss, row.id, "k")).status is StocktakeStatus.APPROVED
    assert await StockMovement.filter(reason="STOCKTAKE").count() == 2
    assert (await audit.run(ctx)).drifts == []
    history = (await history_of("Stocktake", [row.id]))[row.id]
    assert [each.to_status for each in history] == ["OPEN", "OPEN", "COUNTED", "APPROVED"]


async def test_whoever_counted_cannot_approve(ctx: Context) -> None:
    store, (level,) = await shelf(ctx, 5)
    counter, boss = await people(ctx, store)
    row = await counted(boss, await opened(counter, level), (level, 4))
    with pytest.raises(Forbidden):
        await approve(boss, row.id, "k")
    with pytest.raises(PermissionDenied):
        await approve(counter, row.id, "k")
    assert await stocktakes.actions_of(boss, [row]) == [["RECOUNT", "CANCEL"]]
    other = replace(boss, actor=replace(boss.actor, id=1003))
    assert await stocktakes.actions_of(other, [row]) == [["APPROVE", "RECOUNT", "CANCEL"]]
    await approve(other, row.id, "k")
    assert (await again(level)).available == 4


async def test_missing_pieces_that_are_promised_by_now_stop_the_approval(ctx: Context) -> None:
    store, (short, fine) = await shelf(ctx, 10, 10)
    counter, boss = await people(ctx, store)
    row = await counted(counter, await opened(counter, short, fine), (short, 6), (fine, 9))
    await hold(ctx, 1, of(short, 7))
    with pytest.raises(Refusals) as refused:
        await approve(boss, row.id, "k")
    (error,) = refused.value.refusals
    assert isinstance(error, InsufficientStock)
    assert (error.variant_id, error.requested, error.available) == (short.variant_id, 4, 3)
    assert [(await again(each)).available for each in (short, fine)] == [3, 10]
    # The hold expires, and counts as available at once: the same key may be tried again.
    assert (await approve(later(boss, 20), row.id, "k")).status is StocktakeStatus.APPROVED
    assert [(await again(each)).available for each in (short, fine)] == [6, 9]


async def test_lines_are_counted_again_before_and_after_all_are(ctx: Context) -> None:
    store, (first, second) = await shelf(ctx, 5, 5)
    counter, boss = await people(ctx, store)
    row = await opened(counter, first, second)
    await counted(counter, row, (first, 0))
    row = await counted(counter, row, (first, 5), (second, 0))
    assert await differences(row) == [0, -5]
    with pytest.raises(StateConflict) as refused:
        await counted(counter, row, (second, 5))
    assert refused.value.allowed == ("APPROVE", "RECOUNT", "CANCEL")
    row = await recount(boss, row.id, [second.variant_id])
    assert row.status is StocktakeStatus.OPEN
    with pytest.raises(StateConflict):
        await approve(boss, row.id, "k")
    row = await counted(counter, row, (second, 4))
    await approve(boss, row.id, "k")
    assert [(await again(each)).available for each in (first, second)] == [5, 4]


async def test_a_count_that_is_sent_later_is_compared_with_its_own_moment(ctx: Context) -> None:
    store, (level,) = await shelf(ctx, 5)
    counter, _ = await people(ctx, store)
    row = await opened(counter, level)
    noted = row.created_at + timedelta(minutes=1)
    await sell(later(ctx, 2), 1, level, 2)
    draft = [CountDraft(level.variant_id, 5)]
    sent = await count(later(counter, 5), row.id, draft, noted, "key")
    assert (sent.status, await differences(row)) == (StocktakeStatus.COUNTED, [0])
    again_ = await count(later(counter, 6), row.id, draft, noted, "key")
    assert (again_.id, await differences(row)) == (row.id, [0])
    other = await opened(counter, await a_level(ctx, 1, location=store))
    for at in (ctx.now() + timedelta(days=1), other.created_at - timedelta(seconds=1)):
        with pytest.raises(InvalidInput):
            await count(counter, other.id, draft, at, None)


async def test_a_variant_is_counted_by_one_stocktake_at_a_time(ctx: Context) -> None:
    _, (level, free) = await shelf(ctx, 5, 5)
    elsewhere = await a_level(ctx, 5)
    tries = [opened(ctx, free, level), opened(ctx, level, free), opened(ctx, level)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    rows = [each for each in done if isinstance(each, Stocktake)]
    assert [type(each) for each in done if each not in rows] == [Refusals, Refusals]
    assert await Stocktake.all().count() == len(rows) == 1
    assert isinstance(await opened(ctx, elsewhere), Stocktake)
    await cancel(ctx, rows[0].id, "never mind")
    row = await opened(ctx, level)
    with pytest.raises(Refusals) as refused:
        await opened(ctx, free, level)
    (error,) = refused.value.refusals
    assert (error.code, error.path) == ("DUPLICATE", ("variantIds", 1))
    await counted(ctx, row, (level, 5))
    await approve(ctx, row.id, "k")
    assert isinstance(await opened(ctx, free, level), Stocktake)


async def test_what_a_stocktake_cannot_be_given_is_named(ctx: Context) -> None:
    store, (level, stranger) = await shelf(ctx, 5, 5)
    row = await opened(ctx, level)
    ids = [stranger.variant_id, 10**9, stranger.variant_id]
    with pytest.raises(Refusals) as refused:
        await open_(ctx, store.id, ids, None)
    assert [(e.code, e.path) for e in refused.value.refusals] == [
        ("NOT_FOUND", ("variantIds", 1)),
        ("DUPLICATE", ("variantIds", 2)),
    ]
    with pytest.raises(Refusals) as refused:
        await counted(ctx, row, (level, 5), (stranger, 5), (level, 5))
    assert [(e.code, e.path) for e in refused.value.refusals] == [
        ("NOT_FOUND", ("counts", 1, "variantId")),
        ("DUPLICATE", ("counts", 2, "variantId")),
    ]
    for quantity in (-1, 2**31):
        with pytest.raises(InvalidInput):
            await counted(ctx, row, (level, quantity))
    assert await StocktakeLine.filter(counted__isnull=True).count() == 1


async def test_stocktakes_stay_in_the_territory(ctx: Context) -> None:
    store, (level,) = await shelf(ctx, 5)
    _, (foreign,) = await shelf(ctx, 5)
    counter, boss = await people(ctx, store)
    mine, other = await opened(counter, level), await opened(ctx, foreign)
    for work in (
        count(counter, other.id, [CountDraft(foreign.variant_id, 1)], None, None),
        recount(counter, other.id, [foreign.variant_id]),
        cancel(counter, other.id, None),
        approve(boss, other.id, "k"),
        open_(counter, foreign.location_id, [level.variant_id], None),
    ):
        with pytest.raises(NotFound):
            await work
    wanted = DocumentFilter(statuses=[StocktakeStatus.OPEN])
    found = await lists.listed(counter, STOCKTAKES, wanted, PageRequest())
    assert [row.id for row in found.page.rows] == [mine.id]
    assert (await reading.get(counter, STOCKTAKES, None, mine.number)) == mine
    assert await reading.get(counter, STOCKTAKES, None, other.number) is None
    wanted = DocumentFilter(location_id=foreign.location_id)
    everything = await lists.listed(ctx, STOCKTAKES, wanted, PageRequest())
    assert [row.id for row in everything.page.rows] == [other.id]


async def test_selling_and_counting_at_once_loses_no_piece(ctx: Context) -> None:
    store, (level,) = await shelf(ctx, 30)
    variant = await a_variant(ctx)  # never was here: found all the same
    row = await open_(ctx, store.id, [level.variant_id, variant.id], None)
    sales = [sell(ctx, order, level, 1) for order in range(1, 9)]
    counts = [count(ctx, row.id, [CountDraft(level.variant_id, 30)], None, None) for _ in range(3)]
    await asyncio.gather(*sales[:4], *counts, *sales[4:])
    line = await StocktakeLine.get(variant_id=level.variant_id)
    await count(ctx, row.id, [CountDraft(variant.id, 2)], None, None)
    await asyncio.gather(approve(ctx, row.id, "k"), sell(ctx, 9, level, 1))
    assert (await again(level)).available == 30 - 9 + line.difference
    assert (await StockLevel.get(variant_id=variant.id)).available == 2
    assert (await audit.run(ctx)).drifts == []
