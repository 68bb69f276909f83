from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways import GatewayError
from gateways.payments import RefundOrder, RefundOutcome, RefundState
from models.accounts.roles import Role
from models.jobs import Job
from models.orders.orders import Order, OrderLine
from models.orders.payments import Payment, Refund, RefundStatus
from models.orders.states import FulfilmentMethod, OrderStatus, PaymentProvider, PaymentStatus
from models.referrals.commissions import Commission
from models.referrals.rules import CommissionStatus
from models.stock.levels import StockLevel
from resolvers.background.jobs import run_due
from resolvers.context import Context
from resolvers.health import background
from resolvers.health.findings import Level
from resolvers.orders import cancelling, pickups
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.payment import counter as payment_counter
from resolvers.orders.payment.counter import TillDraft
from resolvers.orders.payment.refunds import HANDLERS, paid_for
from tests.make import members
from tests.make.sales import (
    a_guest,
    a_key,
    a_level_in_a_store,
    a_paid_order,
    an_order,
    later,
    parts_of,
    staff_of,
)
from tests.make.stock import again


class Provider:
    """A provider that is away so many times, then refunds."""

    def __init__(self, failures: int = 0) -> None:
        self.asked: list[tuple[str, int]] = []
        self.failures = failures

    async def refund(self, order: RefundOrder) -> RefundState:
        self.asked.append((order.reference, order.amount_minor))
        if self.failures:
            self.failures -= 1
            raise GatewayError("away")
        return RefundState(
            reference=order.reference,
            outcome=RefundOutcome.SUCCEEDED,
            amount_minor=order.amount_minor,
        )


@pytest.fixture
async def level(ctx: Context) -> StockLevel:
    return await a_level_in_a_store(ctx, 5)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_parts_of_a_line_give_back_what_it_was_paid(total_minor: int, parts: list[int]) -> None:
    line = OrderLine(quantity=sum(parts), total_minor=total_minor)
    given_back, returned = [], 0
    for part in parts:
        given_back.append(paid_for(line, returned + part) - paid_for(line, returned))
        returned += part
    assert sum(given_back) == total_minor
    assert min(given_back) >= 0


async def test_a_cancelled_paid_order_is_refunded_whole(ctx: Context, level: StockLevel) -> None:
    order = await a_paid_order(ctx, await a_guest(ctx), level, quantity=3)
    manager = await staff_of(ctx, level.location_id)
    await cancelling.cancel(manager, order.id, "out of business")
    order = await Order.get(id=order.id)
    assert (order.status, order.refunded_minor) == (OrderStatus.CANCELLED, order.paid_minor)
    (refund,) = await Refund.all()
    assert (refund.status, refund.amount_minor) == (RefundStatus.REQUESTED, order.paid_minor)
    now = await again(level)
    assert (now.available, now.committed) == (5, 0)


async def test_a_provider_that_is_away_is_asked_again_under_one_reference(
    ctx: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, await a_guest(ctx), level)
    await cancelling.cancel(await staff_of(ctx, level.location_id), order.id, "no")
    provider = Provider(failures=1)
    ctx.gateways.payments["SANDBOX"] = provider  # type: ignore[assignment]
    assert await run_due(ctx, HANDLERS) == 0
    payment = await Payment.get(order_id=order.id)
    assert payment.status is PaymentStatus.SUCCEEDED
    assert await run_due(later(ctx, hours=2), HANDLERS) == 1
    assert len(provider.asked) == 2
    assert len(set(provider.asked)) == 1
    payment = await Payment.get(order_id=order.id)
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.REFUNDED, order.paid_minor)
    refund = await Refund.get()
    assert refund.settled_at is not None


async def test_a_refund_whose_provider_is_gone_waits_for_it_and_is_said_to(
    ctx: Context, level: StockLevel
) -> None:
    order = await a_paid_order(ctx, await a_guest(ctx), level)
    await cancelling.cancel(await staff_of(ctx, level.location_id), order.id, "no")
    bare = replace(ctx, gateways=replace(ctx.gateways, payments={}))
    assert (await background.refunds(ctx)).level is Level.OK
    found = await background.refunds(bare)
    assert (found.level, "1 refunds wait for SANDBOX" in found.says) == (Level.ERROR, True)
    assert await run_due(bare, HANDLERS) == 0
    assert "SANDBOX is no longer configured" in ((await Job.get()).last_error or "")
    assert (await Refund.get()).status is RefundStatus.REQUESTED
    assert await run_due(later(ctx, hours=2), HANDLERS) == 1
    assert (await Refund.get()).status is RefundStatus.SUCCEEDED
    assert (await background.refunds(bare)).level is Level.OK


async def test_a_job_run_twice_asks_once(ctx: Context, level: StockLevel) -> None:
    order = await a_paid_order(ctx, await a_guest(ctx), level)
    await cancelling.cancel(await staff_of(ctx, level.location_id), order.id, "no")
    provider = Provider()
    ctx.gateways.payments["SANDBOX"] = provider  # type: ignore[assignment]
    job = await Job.get()
    await HANDLERS[job.kind](ctx, job.payload)
    await HANDLERS[job.kind](ctx, job.payload)
    assert len(provider.asked) == 1


async def test_what_a_till_took_goes_back_over_the_till(ctx: Context, level: StockLevel) -> None:
    order = await an_order(await a_guest(ctx), level, FulfilmentMethod.CARRY_OUT)
    cashier = await staff_of(ctx, level.location_id, Role.CASHIER)
    draft = TillDraft(order.id, PaymentProvider.CASH, Decimal("10.00"), None, a_key())
    await payment_counter.record(cashier, draft)
    await cancelling.cancel(await staff_of(ctx, level.location_id), order.id, "no")
    assert (await Payment.get(order_id=order.id)).status is PaymentStatus.REFUNDED
    assert (await Refund.get()).status is RefundStatus.SUCCEEDED
    assert await Job.all().count() == 0


async def test_a_till_still_sells_after_the_hold(ctx: Context, level: StockLevel) -> None:
    order = await an_order(await a_guest(ctx), level, FulfilmentMethod.CARRY_OUT)
    cashier = later(await staff_of(ctx, level.location_id, Role.CASHIER), hours=1)
    draft = TillDraft(order.id, PaymentProvider.CASH, Decimal("10.00"), None, a_key())
    await payment_counter.record(cashier, draft)
    assert (await Order.get(id=order.id)).status is OrderStatus.PAID


async def test_a_refund_takes_the_commissions_back(ctx: Context, level: StockLevel) -> None:
    upline, buyer = await members.chain(ctx, 2)
    order = await a_paid_order(ctx, members.as_member(ctx, buyer), level, quantity=2)
    (earned,) = await Commission.filter(order_id=order.id)
    assert (earned.member_id, earned.status) == (upline.id, CommissionStatus.PENDING)
    await cancelling.cancel(await staff_of(ctx, level.location_id), order.id, "no")
    (earned,) = await Commission.filter(order_id=order.id)
    assert (earned.status, earned.reversed_minor) == (
        CommissionStatus.REVERSED,
        earned.amount_minor,
    )


async def test_a_refund_in_part_takes_its_part_of_the_commissions_back(
    ctx: Context, level: StockLevel
) -> None:
    _, buyer = await members.chain(ctx, 2)
    customer = members.as_member(ctx, buyer)
    ways = (FulfilmentMethod.CARRY_OUT, FulfilmentMethod.STORE_PICKUP)
    order = await a_paid_order(ctx, customer, level, *ways)
    carried, _ = await parts_of(order)
    await fulfilment_steps.complete(await staff_of(ctx, level.location_id), carried.id)
    await pickups.expire_pickups(later(ctx, days=ctx.settings.pickup_days + 1))
    (earned,) = await Commission.filter(order_id=order.id)
    assert earned.status is CommissionStatus.FROZEN
    assert earned.reversed_minor * 2 == earned.amount_minor
