from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.roles import Role
from models.errors import InvalidInput, NotFound, NotSignedIn, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderEvent
from models.orders.payments import Payment, Refund
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus, PaymentStatus
from models.outbox import OutboxEvent
from resolvers.context import Actor, Context
from resolvers.orders import cancelling
from tests.make.checkouts import a_member, a_store
from tests.make.sales import a_guest, a_paid_order, a_payment, an_order, later, parts_of, staff_of
from tests.make.stock import a_level, again


async def test_an_unpaid_order_is_cancelled_and_gives_everything_back(ctx: Context) -> None:
    level = await a_level(ctx, 3, location=await a_store(ctx))
    guest = await a_guest(ctx)
    order = await an_order(guest, level, quantity=2)
    payment = await a_payment(guest, order)
    cancelled = await cancelling.cancel(guest, order.id, "Changed my mind.")
    assert (cancelled.status, cancelled.cancelled_at is not None) == (OrderStatus.CANCELLED, True)
    assert ((await again(level)).available, (await again(level)).held) == (3, 0)
    assert {part.status for part in await parts_of(order)} == {FulfilmentStatus.CANCELLED}
    assert (await Payment.get(id=payment.id)).status is PaymentStatus.CLOSED
    *_, event = await OrderEvent.filter(order_id=order.id).order_by("id")
    assert (event.from_status, event.to_status, event.note, event.actor_id) == (
        "PENDING_PAYMENT",
        "CANCELLED",
        "Changed my mind.",
        guest.guest_id,
    )
    assert not await Refund.exists()
    with pytest.raises(StateConflict) as refused:
        await cancelling.cancel(guest, order.id, "Again.")
    assert (refused.value.state, refused.value.allowed) == ("CANCELLED", ())
    assert ((await again(level)).available, (await again(level)).held) == (3, 0)


async def test_of_many_cancels_at_once_one_counts(ctx: Context) -> None:
    level = await a_level(ctx, 3, location=await a_store(ctx))
    guest = await a_guest(ctx)
    order = await an_order(guest, level, quantity=2)
    answers = await asyncio.gather(
        *(cancelling.cancel(guest, order.id, "No.") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, Order) for each in answers) == 1
    assert sum(isinstance(each, StateConflict) for each in answers) == 4
    assert ((await again(level)).available, (await again(level)).held) == (3, 0)


async def test_nobody_cancels_what_is_not_theirs(ctx: Context) -> None:
    store, other = await a_store(ctx), await a_store(ctx)
    level = await a_level(ctx, 3, location=store)
    guest = await a_guest(ctx)
    order = await an_order(guest, level)
    strangers = [await a_guest(ctx), await a_member(ctx), await staff_of(ctx, other.id)]
    for stranger in strangers:
        with pytest.raises(NotFound):
            await cancelling.cancel(stranger, order.id, "Mine now.")
    # She sees it, but her role does not cancel.
    with pytest.raises(StateConflict):
        await cancelling.cancel(await staff_of(ctx, store.id, Role.CASHIER), order.id, "No.")
    with pytest.raises(NotSignedIn):
        await cancelling.cancel(replace(ctx, actor=Actor()), order.id, "No.")
    with pytest.raises(InvalidInput):
        await cancelling.cancel(guest, order.id, " ")
    assert (await Order.get(id=order.id)).status is OrderStatus.PENDING_PAYMENT
    assert (await again(level)).held == 1


async def test_staff_cancel_what_is_paid_and_give_the_money_back(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 3, location=store)
    guest, manager = await a_guest(ctx), await staff_of(ctx, store.id)
    order = await a_paid_order(ctx, guest, level, quantity=2)
    with pytest.raises(StateConflict):
        await cancelling.cancel(guest, order.id, "Too late for me.")
    cancelled = await cancelling.cancel(manager, order.id, "Broken.")
    assert cancelled.status is OrderStatus.CANCELLED
    found = await Order.get(id=order.id)
    assert (found.paid_minor, found.refunded_minor) == (2000, 2000)
    assert [refund.amount_minor for refund in await Refund.all()] == [2000]
    level = await again(level)
    assert (level.available, level.committed, level.held) == (3, 0, 0)
    assert await OutboxEvent.filter(topic="fulfilment.changed").exists()


async def test_what_has_been_handed_over_cannot_be_cancelled(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 3, location=store)
    order = await a_paid_order(ctx, await a_guest(ctx), level, FulfilmentMethod.CARRY_OUT)
    await Fulfilment.filter(order_id=order.id).update(status=FulfilmentStatus.DONE)
    with pytest.raises(StateConflict):
        await cancelling.cancel(await staff_of(ctx, store.id), order.id, "Gone.")
    assert not await Refund.exists()
    assert (await again(level)).committed == 1


async def test_the_sweeper_ends_what_was_not_paid_in_time_and_nothing_else(ctx: Context) -> None:
    level = await a_level(ctx, 9, location=await a_store(ctx))
    guest = await a_guest(ctx)
    overdue = await an_order(guest, level)
    fresh = await an_order(later(guest, minutes=10), level)
    paid = await a_paid_order(ctx, guest, level)
    sweeper = later(ctx, minutes=16)
    swept = await asyncio.gather(*(cancelling.expire_due(sweeper) for _ in range(3)))
    assert sum(swept) == 1
    statuses = {order.id: order.status for order in await Order.all()}
    assert statuses == {
        overdue.id: OrderStatus.CANCELLED,
        fresh.id: OrderStatus.PENDING_PAYMENT,
        paid.id: OrderStatus.PAID,
    }
    level = await again(level)
    assert (level.available, level.held, level.committed) == (7, 1, 1)
    assert await cancelling.expire_due(sweeper) == 0
