from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.database import transaction
from models.errors import InvalidInput, NotFound, StateConflict
from models.orders.fulfilments import Fulfilment, FulfilmentLine, PrintTicket
from models.orders.orders import Order
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus
from models.outbox import OutboxEvent
from models.stock.levels import StockLevel
from models.stores.hours import Weekday
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders import acceptance_timeout, rerouting
from resolvers.orders.fulfilment import steps as fulfilment_steps
from tests.make.sales import (
    a_guest,
    a_level_in_a_store,
    a_paid_order,
    an_address,
    later,
    parts_of,
    staff_of,
)
from tests.make.stock import a_level, a_location, again

DELIVERY = FulfilmentMethod.STORE_DELIVERY
LATITUDE = 41.8


async def stores(ctx: Context, *pieces: int) -> list[StockLevel]:
    """Stores ever farther from the address, each with so many pieces of one variant."""
    levels: list[StockLevel] = []
    for number, available in enumerate(pieces):
        latitude = LATITUDE + number * 0.01
        place = {
            "latitude": latitude,
            "longitude": 123.4,
            "latitude_wgs84": latitude,
            "longitude_wgs84": 123.4,
        }
        if levels:
            variant = await levels[0].variant
            store = await a_location(ctx, services=["DELIVERY"], **place)
            levels.append(await a_level(ctx, available, variant=variant, location=store))
        else:
            levels.append(await a_level_in_a_store(ctx, available, **place))
    return levels


async def a_delivery(ctx: Context, level: StockLevel, quantity: int = 1) -> Order:
    guest = await a_guest(ctx)
    return await a_paid_order(
        ctx, guest, level, DELIVERY, quantity=quantity, address=an_address(LATITUDE)
    )


async def numbers(*levels: StockLevel) -> list[tuple[int, int]]:
    found = [await again(level) for level in levels]
    return [(level.available, level.committed) for level in found]


async def test_the_next_nearest_takes_over(ctx: Context) -> None:
    first, second, third = await stores(ctx, 2, 2, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    assert part.location_id == first.location_id
    ended = await rerouting.reject(await staff_of(ctx, first.location_id), part.id, "broken fridge")
    assert ended.status is FulfilmentStatus.CANCELLED
    _, replacement = await parts_of(order)
    assert replacement.location_id == second.location_id
    assert replacement.number != part.number
    assert replacement.assigned_at is not None
    assert await numbers(first, second, third) == [(2, 0), (1, 1), (2, 0)]
    assert await PrintTicket.filter(fulfilment_id=replacement.id).exists()
    assert await OutboxEvent.filter(topic="fulfilment.assigned", node_id=replacement.id).exists()
    assert (await Order.get(id=order.id)).status is OrderStatus.PAID


async def test_it_never_goes_back(ctx: Context) -> None:
    first, second, third = await stores(ctx, 9, 2, 2)
    order = await a_delivery(ctx, first)
    for level in (first, second):
        part = (await parts_of(order))[-1]
        await rerouting.reject(await staff_of(ctx, level.location_id), part.id, "no")
    last = (await parts_of(order))[-1]
    assert last.location_id == third.location_id
    refused = {
        each["location_id"]: each["refused_because"] for each in (last.routing or {})["candidates"]
    }
    assert refused[first.location_id] == ["ALREADY_REJECTED"]
    assert refused[second.location_id] == ["ALREADY_REJECTED"]
    clerk = await staff_of(ctx, third.location_id)
    kept = await rerouting.reject(clerk, last.id, "no")
    assert (kept.id, kept.status, kept.unfillable) == (last.id, FulfilmentStatus.OPEN, True)
    assert await numbers(first, second, third) == [(9, 0), (2, 0), (1, 1)]


async def test_several_places_may_take_over_together(ctx: Context) -> None:
    first, second, third = await stores(ctx, 3, 2, 1)
    order = await a_delivery(ctx, first, quantity=3)
    (part,) = await parts_of(order)
    await rerouting.reject(await staff_of(ctx, first.location_id), part.id, "no")
    replacements = (await parts_of(order))[1:]
    assert {each.location_id for each in replacements} == {second.location_id, third.location_id}
    lines = await FulfilmentLine.filter(fulfilment_id__in=[each.id for each in replacements])
    assert sum(line.quantity for line in lines) == 3
    assert await numbers(first, second, third) == [(3, 0), (0, 2), (0, 1)]
    for level, each in zip((second, third), replacements, strict=True):
        clerk = await staff_of(ctx, level.location_id)
        await fulfilment_steps.accept(clerk, each.id)


async def test_who_alone_has_it_keeps_it_until_somebody_else_has(ctx: Context) -> None:
    first, second = await stores(ctx, 2, 0)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    clerk = await staff_of(ctx, first.location_id)
    await fulfilment_steps.accept(clerk, part.id)
    await rerouting.reject(clerk, part.id, "no")
    (kept,) = await parts_of(order)
    assert (kept.status, kept.unfillable) == (FulfilmentStatus.OPEN, True)
    assert await numbers(first) == [(1, 1)]
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=30)) == 0
    await StockLevel.filter(id=second.id).update(available=1)
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=60)) == 1
    assert [each.location_id for each in await parts_of(order)][-1] == second.location_id
    assert await numbers(first, second) == [(2, 0), (0, 1)]


async def test_its_store_may_find_it_after_all(ctx: Context) -> None:
    (first,) = await stores(ctx, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    clerk = await staff_of(ctx, first.location_id)
    await rerouting.reject(clerk, part.id, "no")
    found = await fulfilment_steps.accept(clerk, part.id)
    assert (found.status, found.unfillable) == (FulfilmentStatus.ACCEPTED, False)


async def test_the_fee_goes_along(ctx: Context) -> None:
    costly = replace(ctx, settings=replace(ctx.settings, delivery_fee="6.01"))
    first, *_ = await stores(costly, 3, 2, 1)
    order = await a_delivery(costly, first, quantity=3)
    (part,) = await parts_of(order)
    assert part.fee_minor == order.delivery_minor == 601
    await rerouting.reject(await staff_of(ctx, first.location_id), part.id, "no")
    assert sorted(each.fee_minor for each in (await parts_of(order))[1:]) == [300, 301]


async def test_two_clerks_reject_once(ctx: Context) -> None:
    first, second, third = await stores(ctx, 2, 2, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    clerk = await staff_of(ctx, first.location_id)
    answers = await asyncio.gather(
        *(rerouting.reject(clerk, part.id, "no") for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(answer, Fulfilment) for answer in answers) == 1
    assert sum(isinstance(answer, StateConflict) for answer in answers) == 3
    assert len(await parts_of(order)) == 2
    assert await numbers(first, second, third) == [(2, 0), (1, 1), (2, 0)]


async def test_what_cannot_be_rejected_stays(ctx: Context) -> None:
    first, second = await stores(ctx, 2, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    clerk = await staff_of(ctx, first.location_id)
    with pytest.raises(NotFound):
        await rerouting.reject(await staff_of(ctx, second.location_id), part.id, "no")
    with pytest.raises(InvalidInput):
        await rerouting.reject(clerk, part.id, "  ")
    await fulfilment_steps.accept(clerk, part.id)
    await fulfilment_steps.ready(clerk, part.id)
    with pytest.raises(StateConflict):
        await rerouting.reject(clerk, part.id, "no")
    assert len(await parts_of(order)) == 1
    assert await numbers(first, second) == [(1, 1), (2, 0)]


async def test_what_is_not_accepted_in_time_goes_on(ctx: Context) -> None:
    first, second = await stores(ctx, 2, 2)
    order = await a_delivery(ctx, first)
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=9.9)) == 0
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=10.1)) == 1
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=11)) == 0
    old, new = await parts_of(order)
    assert (old.status, new.location_id) == (FulfilmentStatus.CANCELLED, second.location_id)
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=30)) == 0
    assert (await parts_of(order))[-1].status is FulfilmentStatus.OPEN
    assert await numbers(first, second) == [(2, 0), (1, 1)]


async def test_a_delivery_goes_on_at_the_moment_at_which_its_time_is_up(ctx: Context) -> None:
    first, _ = await stores(ctx, 2, 2)
    (part,) = await parts_of(await a_delivery(ctx, first))
    due = part.accept_due_at
    assert due is not None
    before = replace(ctx, clock=lambda: due - timedelta(microseconds=1))
    assert await acceptance_timeout.reroute_overdue(before) == 0
    assert await acceptance_timeout.reroute_overdue(replace(ctx, clock=lambda: due)) == 1


@pytest.mark.parametrize(("minutes", "again_after"), [(10, 10), (1, 1), (0, 1)])
async def test_where_nobody_else_has_it_others_are_asked_again_after_the_same_time(
    ctx: Context, minutes: int, again_after: int
) -> None:
    (first,) = await stores(ctx, 2)
    (part,) = await parts_of(await a_delivery(ctx, first))
    settings = replace(ctx.settings, accept_minutes=minutes)
    late = replace(later(ctx, minutes=30), settings=settings)
    assert await acceptance_timeout.reroute_overdue(late) == 0
    part = await Fulfilment.get(id=part.id)
    assert part.accept_due_at == late.now() + timedelta(minutes=again_after)
    assert (part.status, part.location_id) == (FulfilmentStatus.OPEN, first.location_id)


async def test_what_is_accepted_while_it_is_looked_at_stays(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await stores(ctx, 2, 2)
    order = await a_delivery(ctx, first)
    clerk = await staff_of(ctx, first.location_id)

    async def accepted_first(work: Any, late: Context, fulfilment_id: int) -> bool:
        await fulfilment_steps.accept(clerk, fulfilment_id)
        return bool(await transaction(work, late, fulfilment_id))

    monkeypatch.setattr(acceptance_timeout, "transaction", accepted_first)
    assert await acceptance_timeout.reroute_overdue(later(ctx, minutes=30)) == 0
    (part,) = await parts_of(order)
    assert part.status is FulfilmentStatus.ACCEPTED
    assert await numbers(first, second) == [(1, 1), (2, 0)]


async def test_what_was_accepted_stays(ctx: Context) -> None:
    first, _ = await stores(ctx, 2, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    await fulfilment_steps.accept(await staff_of(ctx, first.location_id), part.id)
    assert await acceptance_timeout.reroute_overdue(later(ctx, days=1)) == 0
    assert len(await parts_of(order)) == 1


async def test_only_opening_time_counts(ctx: Context) -> None:
    first, second = await stores(ctx, 2, 2)
    order = await a_delivery(ctx, first)
    (part,) = await parts_of(order)
    opens = (ctx.now() + timedelta(hours=5)).astimezone(ZoneInfo("Asia/Shanghai"))
    hours = {
        "weekday": str(list(Weekday)[opens.weekday()]),
        "opens": f"{opens:%H:%M}",
        "closes": f"{opens + timedelta(minutes=30):%H:%M}",
    }
    await Location.filter(id=first.location_id).update(hours=[hours])
    for hours_later in (0.5, 4.9):
        assert await acceptance_timeout.reroute_overdue(later(ctx, hours=hours_later)) == 0
        opening = opens.replace(second=0, microsecond=0)
        due = (await Fulfilment.get(id=part.id)).accept_due_at
        assert due == opening + timedelta(minutes=ctx.settings.accept_minutes)
    await Fulfilment.filter(id=part.id).update(accept_due_at=ctx.now())
    nearly = later(ctx, hours=5, minutes=9)
    assert await acceptance_timeout.reroute_overdue(nearly) == 0
    (kept,) = await parts_of(order)
    assert (kept.id, kept.accept_due_at) == (part.id, nearly.now() + timedelta(minutes=1))
    assert await acceptance_timeout.reroute_overdue(later(ctx, hours=5, minutes=12)) == 1
    assert (await parts_of(order))[-1].location_id == second.location_id
