"""The table in `settlement.py`, row by row: each outcome, and what must not have happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from gateways.payments import RefundOrder, RefundOutcome, RefundState
from models.orders.fulfilments import Fulfilment, PrintTicket
from models.orders.orders import Order, OrderEvent
from models.orders.payments import Payment, Refund
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus, PaymentStatus
from models.outbox import OutboxEvent
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from resolvers.background.jobs import run_due
from resolvers.context import Context
from resolvers.orders import cancelling
from resolvers.orders.payment import settlement
from resolvers.orders.payment.refunds import HANDLERS
from resolvers.orders.payment.settlement import Outcome
from tests.make.sales import (
    a_guest,
    a_level_in_a_store,
    a_payment,
    an_order,
    later,
    parts_of,
    said,
    settled,
)
from tests.make.stock import again

PIECES = 5


@dataclass
class Sale:
    """One unpaid order of one piece, and a charge for it."""

    ctx: Context
    guest: Context
    level: StockLevel
    order: Order
    payment: Payment

    async def now(self) -> tuple[OrderStatus, PaymentStatus]:
        order = await Order.get(id=self.order.id)
        return order.status, (await Payment.get(id=self.payment.id)).status

    async def stock(self) -> tuple[int, int, int]:
        level = await again(self.level)
        return level.available, level.held, level.committed

    async def refunded(self) -> list[int]:
        return [each.amount_minor for each in await Refund.filter(payment_id=self.payment.id)]

    async def buys_the_rest(self) -> None:
        """Somebody else pays for all that is left, and for the pieces of this expired hold."""
        other = await a_guest(self.ctx)
        order = await an_order(other, self.level, quantity=PIECES)
        assert await settled(self.ctx, await a_payment(other, order)) is Outcome.PAID

    def after_the_hold(self) -> Sale:
        """The same sale when its hold has run out."""
        ctx = later(self.ctx, minutes=self.ctx.settings.hold_minutes + 1)
        guest = later(self.guest, minutes=self.ctx.settings.hold_minutes + 1)
        return Sale(ctx, guest, self.level, self.order, self.payment)


@pytest.fixture
async def sale(ctx: Context) -> Sale:
    level = await a_level_in_a_store(ctx, PIECES)
    guest = await a_guest(ctx)
    order = await an_order(guest, level)
    return Sale(ctx, guest, level, order, await a_payment(guest, order))


async def test_a_success_pays_the_order(sale: Sale) -> None:
    assert await sale.stock() == (4, 1, 0)
    assert await settled(sale.ctx, sale.payment) is Outcome.PAID
    assert await sale.now() == (OrderStatus.PAID, PaymentStatus.SUCCEEDED)
    assert await sale.stock() == (4, 0, 1)
    order = await Order.get(id=sale.order.id)
    assert (order.paid_minor, order.refunded_minor) == (order.payable_minor, 0)
    assert order.paid_at is not None
    assert order.hold_expires_at is None
    (part,) = await parts_of(order)
    assert part.assigned_at is not None
    assert part.pickup_code is not None
    assert part.pickup_expires_at is not None
    (ticket,) = await PrintTicket.filter(fulfilment_id=part.id)
    assert part.number in ticket.text
    topics = [event.topic for event in await OutboxEvent.all().order_by("id")]
    assert topics.count("fulfilment.assigned") == 1


async def test_an_unknown_reference_changes_nothing(sale: Sale) -> None:
    assert await settled(sale.ctx, sale.payment, reference="nobody") is Outcome.UNKNOWN
    assert await sale.now() == (OrderStatus.PENDING_PAYMENT, PaymentStatus.PENDING)


async def test_another_providers_word_counts_for_nothing(sale: Sale) -> None:
    outcome = await settlement.settle(sale.ctx, "WECHAT_PAY", said(sale.payment))
    assert outcome is Outcome.UNKNOWN
    assert await sale.now() == (OrderStatus.PENDING_PAYMENT, PaymentStatus.PENDING)


async def test_a_success_told_twice_is_one_payment(sale: Sale) -> None:
    await settled(sale.ctx, sale.payment)
    movements = await StockMovement.all().count()
    assert await settled(sale.ctx, sale.payment) is Outcome.REPEATED
    assert await settled(sale.ctx, sale.payment, succeeded=False) is Outcome.REPEATED
    assert await sale.now() == (OrderStatus.PAID, PaymentStatus.SUCCEEDED)
    assert await StockMovement.all().count() == movements
    assert (await Order.get(id=sale.order.id)).paid_minor == sale.order.payable_minor


async def test_a_failure_leaves_the_order_payable(sale: Sale) -> None:
    assert await settled(sale.ctx, sale.payment, succeeded=False) is Outcome.FAILED
    assert await sale.now() == (OrderStatus.PENDING_PAYMENT, PaymentStatus.FAILED)
    assert await settled(sale.ctx, sale.payment, succeeded=False) is Outcome.REPEATED
    assert await sale.stock() == (4, 1, 0)


async def test_a_success_after_a_failure_pays(sale: Sale) -> None:
    await settled(sale.ctx, sale.payment, succeeded=False)
    assert await settled(sale.ctx, sale.payment) is Outcome.PAID
    assert await sale.now() == (OrderStatus.PAID, PaymentStatus.SUCCEEDED)


@pytest.mark.parametrize("wrong", [{"currency": "USD"}, {"amount_minor": 0}, {"amount_minor": -5}])
async def test_what_is_no_money_of_ours_is_not_booked(sale: Sale, wrong: dict[str, object]) -> None:
    assert await settled(sale.ctx, sale.payment, **wrong) is Outcome.MISMATCHED
    assert await sale.now() == (OrderStatus.PENDING_PAYMENT, PaymentStatus.PENDING)
    assert await sale.refunded() == []


@pytest.mark.parametrize("difference", [-1, 1])
async def test_a_wrong_amount_goes_back_and_pays_nothing(sale: Sale, difference: int) -> None:
    came = sale.payment.amount_minor + difference
    assert await settled(sale.ctx, sale.payment, amount_minor=came) is Outcome.REFUNDED
    assert await sale.refunded() == [came]
    assert (await sale.now())[0] is OrderStatus.PENDING_PAYMENT
    assert await sale.stock() == (4, 1, 0)
    order = await Order.get(id=sale.order.id)
    assert (order.paid_minor, order.refunded_minor) == (came, came)
    second = await a_payment(sale.guest, order)
    assert second.amount_minor == order.payable_minor
    assert await settled(sale.ctx, second) is Outcome.PAID


async def test_a_second_payment_of_a_paid_order_goes_back(sale: Sale) -> None:
    second = await a_payment(sale.guest, sale.order)
    await settled(sale.ctx, sale.payment)
    assert await settled(sale.ctx, second) is Outcome.REFUNDED
    assert [each.payment_id for each in await Refund.all()] == [second.id]
    assert await sale.now() == (OrderStatus.PAID, PaymentStatus.SUCCEEDED)
    assert await sale.stock() == (4, 0, 1)


@pytest.mark.parametrize("swept", [False, True])
async def test_paying_late_takes_the_stock_again(sale: Sale, swept: bool) -> None:
    late = sale.after_the_hold()
    if swept:
        assert await cancelling.expire_due(late.ctx) == 1
        assert await late.stock() == (5, 0, 0)
    assert await settled(late.ctx, late.payment) is Outcome.PAID
    assert await late.now() == (OrderStatus.PAID, PaymentStatus.SUCCEEDED)
    assert await late.stock() == (4, 0, 1)
    (part,) = await parts_of(sale.order)
    assert part.status is FulfilmentStatus.OPEN
    assert part.assigned_at is not None


@pytest.mark.parametrize("swept", [False, True])
async def test_paying_late_for_what_is_gone_goes_back(sale: Sale, swept: bool) -> None:
    late = sale.after_the_hold()
    if swept:
        await cancelling.expire_due(late.ctx)
    await late.buys_the_rest()
    assert await late.stock() == (0, 0, PIECES)
    assert await settled(late.ctx, late.payment) is Outcome.REFUNDED
    assert await late.refunded() == [late.payment.amount_minor]
    assert (await late.now())[0] is OrderStatus.CANCELLED
    assert await late.stock() == (0, 0, PIECES)
    (part,) = await parts_of(sale.order)
    assert (part.status, part.assigned_at) == (FulfilmentStatus.CANCELLED, None)
    assert await settled(late.ctx, late.payment) is Outcome.REPEATED
    assert await late.refunded() == [late.payment.amount_minor]


async def test_paying_what_its_customer_cancelled_goes_back(sale: Sale) -> None:
    await cancelling.cancel(sale.guest, sale.order.id, "changed my mind")
    assert await settled(sale.ctx, sale.payment) is Outcome.REFUNDED
    assert await sale.refunded() == [sale.payment.amount_minor]
    assert (await sale.now())[0] is OrderStatus.CANCELLED
    assert await sale.stock() == (5, 0, 0)


async def test_a_refund_is_asked_of_the_provider_once(sale: Sale) -> None:
    await cancelling.cancel(sale.guest, sale.order.id, "changed my mind")
    await settled(sale.ctx, sale.payment)
    asked: list[str] = []
    provider = sale.ctx.gateways.payments["SANDBOX"]

    async def refund(order: RefundOrder) -> RefundState:
        asked.append(f"{order.provider_reference} {order.amount_minor}")
        return RefundState(
            reference=order.reference,
            outcome=RefundOutcome.SUCCEEDED,
            amount_minor=order.amount_minor,
        )

    provider.refund = refund  # type: ignore[method-assign]
    assert await run_due(sale.ctx, HANDLERS) == 1
    assert await run_due(sale.ctx, HANDLERS) == 0
    assert asked == [f"theirs-{sale.payment.reference} {sale.payment.amount_minor}"]
    assert (await sale.now())[1] is PaymentStatus.REFUNDED


async def test_twenty_at_once_pay_once(sale: Sale) -> None:
    outcomes = await asyncio.gather(*(settled(sale.ctx, sale.payment) for _ in range(20)))
    assert sorted(outcomes) == ["PAID"] + ["REPEATED"] * 19
    assert await sale.stock() == (4, 0, 1)
    assert (await Order.get(id=sale.order.id)).paid_minor == sale.order.payable_minor
    assert await PrintTicket.all().count() == 1
    assert await OrderEvent.filter(to_status=OrderStatus.PAID).count() == 1


async def test_cancelling_and_paying_at_once_loses_neither(sale: Sale) -> None:
    async def cancel() -> None:
        await cancelling.cancel(sale.guest, sale.order.id, "no")

    outcome, _ = await asyncio.gather(
        settled(sale.ctx, sale.payment), cancel(), return_exceptions=True
    )
    status, _ = await sale.now()
    if outcome is Outcome.PAID:
        assert status is OrderStatus.PAID
        assert await sale.refunded() == []
    else:
        assert status is OrderStatus.CANCELLED
        assert await sale.refunded() == [sale.payment.amount_minor]
        assert await sale.stock() == (5, 0, 0)


async def test_two_payments_at_once_pay_once(sale: Sale) -> None:
    second = await a_payment(sale.guest, sale.order)
    outcomes = await asyncio.gather(settled(sale.ctx, sale.payment), settled(sale.ctx, second))
    assert sorted(outcomes) == ["PAID", "REFUNDED"]
    order = await Order.get(id=sale.order.id)
    assert order.paid_minor - order.refunded_minor == order.payable_minor
    assert await Fulfilment.filter(order_id=order.id).count() == 1


async def test_a_way_each_has_a_ticket_and_only_the_pickup_a_code(ctx: Context) -> None:
    level = await a_level_in_a_store(ctx, PIECES)
    guest = await a_guest(ctx)
    order = await an_order(guest, level, FulfilmentMethod.CARRY_OUT, FulfilmentMethod.STORE_PICKUP)
    await settled(ctx, await a_payment(guest, order))
    parts = {part.method: part for part in await parts_of(order)}
    assert parts[FulfilmentMethod.CARRY_OUT].pickup_code is None
    assert parts[FulfilmentMethod.STORE_PICKUP].pickup_code is not None
    assert await PrintTicket.all().count() == 2
