from __future__ import annotations

from dataclasses import replace

import pytest

from models.accounts.roles import Role
from models.errors import InvalidInput, NotFound, PermissionDenied, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderLine
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus
from models.stock.levels import StockLevel
from resolvers.context import Actor, Context
from resolvers.orders.fulfilment import completion, fulfilments, tickets
from resolvers.orders.fulfilment import lists as fulfilment_lists
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment.lists import FulfilmentFilter
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orm_pagination import PageRequest
from tests.make.sales import (
    a_guest,
    a_level_in_a_store,
    a_paid_order,
    an_address,
    an_order,
    later,
    parts_of,
    staff_of,
)
from tests.make.stock import again

CARRY_OUT, DELIVERY = FulfilmentMethod.CARRY_OUT, FulfilmentMethod.STORE_DELIVERY


@pytest.fixture
async def level(ctx: Context) -> StockLevel:
    return await a_level_in_a_store(
        ctx, 5, latitude=41.8, longitude=123.4, latitude_wgs84=41.8, longitude_wgs84=123.4
    )


@pytest.fixture
async def guest(ctx: Context) -> Context:
    return await a_guest(ctx)


@pytest.fixture
async def clerk(ctx: Context, level: StockLevel) -> Context:
    return await staff_of(ctx, level.location_id)


async def a_delivery(ctx: Context, guest: Context, level: StockLevel) -> tuple[Order, Fulfilment]:
    order = await a_paid_order(ctx, guest, level, DELIVERY, address=an_address())
    (part,) = await parts_of(order)
    return order, part


async def shipped(clerk: Context, part: Fulfilment) -> None:
    await fulfilment_steps.accept(clerk, part.id)
    await fulfilment_steps.ready(clerk, part.id)
    await fulfilment_steps.ship(clerk, ShipmentDraft(part.id, "our own", "7"))


async def status_of(order: Order) -> OrderStatus:
    return (await Order.get(id=order.id)).status


async def test_what_is_carried_out_completes_the_order(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, guest, level, CARRY_OUT)
    (part,) = await parts_of(order)
    done = await fulfilment_steps.complete(clerk, part.id)
    assert done.status is FulfilmentStatus.DONE
    order = await Order.get(id=order.id)
    assert order.status is OrderStatus.COMPLETED
    assert order.completed_at is not None
    line = await OrderLine.get(order_id=order.id)
    assert (line.fulfilled, line.quantity) == (1, 1)
    now = await again(level)
    assert (now.available, now.committed) == (4, 0)
    with pytest.raises(StateConflict):
        await fulfilment_steps.complete(clerk, part.id)
    assert (await again(level)).available == 4


async def test_a_delivery_leaves_with_its_carrier_and_completes_by_its_customer(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel
) -> None:
    order, part = await a_delivery(ctx, guest, level)
    await shipped(clerk, part)
    left = await again(level)
    assert (left.available, left.committed) == (4, 0)
    assert await status_of(order) is OrderStatus.PAID
    await fulfilment_steps.confirm(guest, part.id)
    assert await status_of(order) is OrderStatus.COMPLETED
    assert (await again(level)).available == 4


async def test_a_delivery_that_its_store_reports_completes_days_later(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel
) -> None:
    order, part = await a_delivery(ctx, guest, level)
    await shipped(clerk, part)
    await fulfilment_steps.complete(clerk, part.id)
    assert await status_of(order) is OrderStatus.FULFILLED
    assert await completion.complete_due(ctx) == 0
    after = later(ctx, days=ctx.settings.complete_after_store_days + 1)
    assert await completion.complete_due(after) == 1
    assert await completion.complete_due(after) == 0
    assert await status_of(order) is OrderStatus.COMPLETED


async def test_a_customer_may_confirm_what_the_store_has_reported(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel
) -> None:
    order, part = await a_delivery(ctx, guest, level)
    await shipped(clerk, part)
    await fulfilment_steps.complete(clerk, part.id)
    await fulfilment_steps.confirm(guest, part.id)
    assert await status_of(order) is OrderStatus.COMPLETED
    await fulfilment_steps.confirm(guest, part.id)
    assert await status_of(order) is OrderStatus.COMPLETED


async def test_mixed_ways_fulfil_the_order_one_by_one(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, guest, level, CARRY_OUT, DELIVERY, address=an_address())
    carried, delivered = await parts_of(order)
    await fulfilment_steps.complete(clerk, carried.id)
    assert await status_of(order) is OrderStatus.PARTIALLY_FULFILLED
    await shipped(clerk, delivered)
    await fulfilment_steps.confirm(guest, delivered.id)
    assert await status_of(order) is OrderStatus.COMPLETED


async def test_a_customer_cannot_help_themself_at_the_counter(
    ctx: Context, guest: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, guest, level, CARRY_OUT)
    (part,) = await parts_of(order)
    with pytest.raises(StateConflict):
        await fulfilment_steps.confirm(guest, part.id)
    with pytest.raises(PermissionDenied):
        await fulfilment_steps.complete(guest, part.id)
    assert await status_of(order) is OrderStatus.PAID
    assert (await again(level)).committed == 1


async def test_nothing_moves_before_the_order_is_paid(
    guest: Context, clerk: Context, level: StockLevel
) -> None:
    (part,) = await parts_of(await an_order(guest, level, CARRY_OUT))
    for step in (fulfilment_steps.accept, fulfilment_steps.complete):
        with pytest.raises(StateConflict):
            await step(clerk, part.id)
    assert await fulfilments.actions(clerk, [part]) == {part.id: []}
    assert (await fulfilment_lists.page(clerk, PageRequest(), FulfilmentFilter())).rows == []
    assert (await again(level)).held == 1


async def test_other_stores_and_strangers_find_nothing(
    ctx: Context, guest: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, guest, level, CARRY_OUT)
    (part,) = await parts_of(order)
    elsewhere = await a_level_in_a_store(ctx, 1)
    stranger = await a_guest(ctx)
    other_clerk = await staff_of(ctx, elsewhere.location_id)
    with pytest.raises(NotFound):
        await fulfilment_steps.complete(other_clerk, part.id)
    with pytest.raises(NotFound):
        await fulfilment_steps.confirm(stranger, part.id)
    for nobody in (other_clerk, stranger, replace(ctx, actor=Actor())):
        assert await fulfilments.by_ids(nobody, [part.id]) == {}
        assert await tickets.of_fulfilments(nobody, [part.id]) == {}
        assert await fulfilments.with_own_pickup(nobody, [part.id]) == set()
    assert (await fulfilment_lists.page(other_clerk, PageRequest(), FulfilmentFilter())).rows == []
    assert await status_of(order) is OrderStatus.PAID


async def test_a_picker_may_pack_but_a_guide_only_look(
    ctx: Context, guest: Context, level: StockLevel
) -> None:
    (part,) = await parts_of(await a_paid_order(ctx, guest, level, CARRY_OUT))
    guide = await staff_of(ctx, level.location_id, Role.GUIDE)
    picker = await staff_of(ctx, level.location_id, Role.PICKER)
    assert list(await fulfilments.by_ids(guide, [part.id])) == [part.id]
    with pytest.raises(PermissionDenied):
        await fulfilment_steps.accept(guide, part.id)
    accepted = await fulfilment_steps.accept(picker, part.id)
    assert accepted.status is FulfilmentStatus.ACCEPTED


@pytest.mark.parametrize("text", ["", "   ", "x" * 65, "a\x00b"])
async def test_a_shipment_names_its_carrier(
    ctx: Context, guest: Context, clerk: Context, level: StockLevel, text: str
) -> None:
    _, part = await a_delivery(ctx, guest, level)
    await fulfilment_steps.accept(clerk, part.id)
    await fulfilment_steps.ready(clerk, part.id)
    for draft in (ShipmentDraft(part.id, text, "7"), ShipmentDraft(part.id, "our own", text)):
        with pytest.raises(InvalidInput):
            await fulfilment_steps.ship(clerk, draft)
    assert (await Fulfilment.get(id=part.id)).status is FulfilmentStatus.READY
    assert (await again(level)).committed == 1
