from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.accounts.roles import Permission
from models.errors import InvalidInput
from models.stock.ledger import StockMovement
from models.stock.states import MovementReason
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.ledger import movements
from resolvers.stock.ledger.movements import MovementFilter
from tests.make.holds import hold, later, of
from tests.make.movements import go
from tests.make.statements import counting
from tests.make.stock import a_level, actor_at


async def ids(ctx: Context, request: PageRequest | None = None, **wanted: object) -> list[int]:
    page = await movements.page(
        ctx,
        MovementFilter(**wanted),
        request or PageRequest(first=50),  # type: ignore[arg-type]
    )
    return [row.id for row in page.rows]


async def test_every_filter_answers_what_looking_at_each_movement_does(ctx: Context) -> None:
    first, second = await a_level(ctx, 9), await a_level(ctx, 9)
    for minute in range(0, 300, 30):
        await go(later(ctx, minute), first if minute % 60 else second, minute // 30 % 2)
    await hold(later(ctx, 300), 7, of(first, 1))
    rows = await StockMovement.all().order_by("id")
    since, until = later(ctx, 60).now(), later(ctx, 210).now()
    start, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    hold_or_receipt = (MovementReason.HOLD, MovementReason.PURCHASE_RECEIPT)
    for wanted, keep in (
        ({}, lambda row: True),
        ({"variant_id": first.variant_id}, lambda row: row.variant_id == first.variant_id),
        ({"location_id": second.location_id}, lambda row: row.location_id == second.location_id),
        ({"reasons": hold_or_receipt}, lambda row: row.reason in hold_or_receipt),
        ({"reasons": ()}, lambda row: False),
        ({"document": ("Order", 7)}, lambda row: row.document_id == 7),
        ({"document": ("Transfer", 7)}, lambda row: False),
        ({"since": since}, lambda row: row.created_at >= since),
        ({"since": since, "until": until}, lambda row: since <= row.created_at < until),
        ({"since": start, "until": end}, lambda row: True),
        ({"until": start}, lambda row: False),
    ):
        assert await ids(ctx, **wanted) == [row.id for row in rows if keep(row)], wanted


async def test_pages_go_both_ways_in_few_statements(ctx: Context) -> None:
    level = await a_level(ctx, 9)
    for _ in range(6):
        await go(ctx, level, 0)
    wanted = MovementFilter(location_id=level.location_id)
    everything = await ids(ctx)
    with counting() as statements:
        newest = await movements.page(ctx, wanted, PageRequest(last=3))
    assert len(statements) == 3
    assert [row.id for row in newest.rows] == everything[-3:]
    older = await movements.page(ctx, wanted, PageRequest(last=3, before=newest.cursors[0]))
    assert ([row.id for row in older.rows], older.has_previous) == (everything[-6:-3], True)
    back = await movements.page(ctx, wanted, PageRequest(first=3, after=older.cursors[-1]))
    assert back.rows == newest.rows
    with pytest.raises(InvalidInput):
        await movements.page(ctx, MovementFilter(), PageRequest(after=older.cursors[-1]))


async def test_the_ledger_stays_in_the_territory(ctx: Context) -> None:
    mine, other = await a_level(ctx, 1), await a_level(ctx, 1)
    await mine.fetch_related("location")
    reader = replace(ctx, actor=await actor_at(mine.location, Permission.STOCK_READ))
    (own,) = await ids(reader)
    assert await ids(reader, variant_id=mine.variant_id) == [own]
    assert await ids(reader, location_id=other.location_id) == []
    assert await ids(reader, variant_id=other.variant_id) == []
