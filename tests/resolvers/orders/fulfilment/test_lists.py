"""Lists of fulfilments: sorted by deadline as the pure rule has it, page by page in both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.errors import InvalidInput, NotFound
from models.orders.fulfilments import Fulfilment
from models.orders.states import FulfilmentStatus
from resolvers.context import Context
from resolvers.orders.fulfilment import fulfilments
from resolvers.orders.fulfilment import lists as fulfilment_lists
from resolvers.orders.fulfilment.lists import FulfilmentFilter, FulfilmentSort
from resolvers.orm_pagination import PageRequest
from tests.make.sales import a_guest, a_level_in_a_store, a_paid_order, staff_of
from tests.make.statements import counting

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERY = PageRequest(first=100)


@pytest.fixture
async def clerk(ctx: Context) -> Context:
    """Whose store has seven fulfilments with every kind of deadline."""
    level = await a_level_in_a_store(ctx, 50)
    guest = await a_guest(ctx)
    hour = timedelta(hours=1)
    kinds = (
        {"accept_due_at": NOW + hour, "promised_at": NOW - hour},
        {"accept_due_at": NOW - hour},
        {"status": FulfilmentStatus.ACCEPTED, "accept_due_at": NOW - 9 * hour},
        {"status": FulfilmentStatus.ACCEPTED, "promised_at": NOW - 2 * hour},
        {"status": FulfilmentStatus.READY, "pickup_expires_at": NOW + 2 * hour},
        {"status": FulfilmentStatus.SHIPPED, "promised_at": NOW - 5 * hour},
        {"status": FulfilmentStatus.DONE, "pickup_expires_at": NOW - 5 * hour},
    )
    for columns in kinds:
        order = await a_paid_order(ctx, guest, level)
        blank = dict.fromkeys(("accept_due_at", "pickup_expires_at", "promised_at"))
        await Fulfilment.filter(order_id=order.id).update(**{**blank, **columns})
    clerk = await staff_of(ctx, level.location_id)
    clerk.clock = lambda: NOW
    return clerk


async def test_the_order_is_that_of_the_rule(clerk: Context) -> None:
    page = await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter(), FulfilmentSort.DUE)
    due = [fulfilments.due_at(row) for row in page.rows]
    assert len(due) == 7
    never = datetime.max.replace(tzinfo=UTC)
    expected = sorted(page.rows, key=lambda row: (fulfilments.due_at(row) or never, row.id))
    assert [row.id for row in page.rows] == [row.id for row in expected]
    assert due.count(None) == 3

    seen: list[int] = []
    request = PageRequest(first=2)
    while True:
        part = await fulfilment_lists.page(clerk, request, FulfilmentFilter(), FulfilmentSort.DUE)
        seen += [row.id for row in part.rows]
        if not part.has_next:
            break
        request = PageRequest(first=2, after=part.cursors[-1])
    assert seen == [row.id for row in page.rows]
    last = PageRequest(last=3)
    end = await fulfilment_lists.page(clerk, last, FulfilmentFilter(), FulfilmentSort.DUE)
    assert [row.id for row in end.rows] == seen[-3:]


async def test_late_is_what_the_rule_calls_late(clerk: Context) -> None:
    every = await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter())
    late = {row.id for row in every.rows if (due := fulfilments.due_at(row)) and due < NOW}
    assert len(late) == 2
    for wanted, ids in (
        (FulfilmentFilter(late=True), late),
        (FulfilmentFilter(late=False), {row.id for row in every.rows} - late),
        (FulfilmentFilter(due_before=NOW), late),
    ):
        page = await fulfilment_lists.page(clerk, EVERY, wanted)
        assert {row.id for row in page.rows} == ids
        tally = await fulfilment_lists.tally(clerk, wanted)
        assert await tally.totals([None]) == {None: len(ids)}


async def test_counts_by_status_leave_the_filter_by_status_out(clerk: Context) -> None:
    wanted = FulfilmentFilter(statuses=(FulfilmentStatus.OPEN,))
    tally = await fulfilment_lists.tally(clerk, wanted)
    with counting() as statements:
        assert await tally.totals([None]) == {None: 2}
        counts = (await tally.statuses([None]))[None]
    assert counts == [("ACCEPTED", 2), ("DONE", 1), ("OPEN", 2), ("READY", 1), ("SHIPPED", 1)]
    assert len(statements) == 3  # the places once, and one for each count


async def test_a_search_finds_numbers_and_parcels(clerk: Context) -> None:
    row = (await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter())).rows[0]
    await Fulfilment.filter(id=row.id).update(tracking_number="SF1")
    for text in (row.number, row.number.lower(), row.number.partition("-")[0], "SF1"):
        found = await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter(search=text))
        assert [each.id for each in found.rows] == [row.id]
    assert not (await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter(search="SF"))).rows
    with pytest.raises(InvalidInput):
        await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter(search="x" * 65))


async def test_a_foreign_node_and_a_foreign_cursor_are_refused(clerk: Context) -> None:
    with pytest.raises(NotFound):
        await fulfilment_lists.page(clerk, EVERY, FulfilmentFilter(organisation_code="NOWHERE"))
    page = await fulfilment_lists.page(clerk, PageRequest(first=1), FulfilmentFilter())
    after = PageRequest(first=1, after=page.cursors[0])
    with pytest.raises(InvalidInput):
        await fulfilment_lists.page(clerk, after, FulfilmentFilter(), FulfilmentSort.DUE)
