"""What a payment provider says becomes true here, exactly once.

A notification may come twice, late, before our own answer to the client, several at once, or for an
order that has moved on. Whatever comes, one outcome is defined, and money that has no order to pay
for goes back by itself:

    payment                 the provider says   order                    outcome
    unknown reference       anything            –                        UNKNOWN     nothing changes
    settled before          anything            any                      REPEATED    nothing changes
    failed before           failed              any                      REPEATED    nothing changes
    open                    failed              any                      FAILED      the order stays payable
    open (or failed)        paid, not in CNY    any                      MISMATCHED  nothing changes
    open (or failed)        paid, other amount  any                      REFUNDED    the order stays as it is
    open (or failed)        paid                payable                  PAID
    open (or failed)        paid                expired, goods there     PAID        the stock is taken again
    open (or failed)        paid                expired, goods gone      REFUNDED    the order is cancelled
    open (or failed)        paid                paid by another payment  REFUNDED    the order stays as it is
    open (or failed)        paid                cancelled by a person    REFUNDED    the order stays as it is

"Expired" is an unpaid order whose hold has run out, whether a sweeper has cancelled it meanwhile or
not. UNKNOWN and MISMATCHED are answered to the provider as errors, so that people look into them.
The order's lock makes parallel notifications follow each other.

Nearly all are plain, and settled by `plain_payments` together with others; this is what becomes of the rest.
"""

from __future__ import annotations

from enum import StrEnum

import structlog

from gateways.payments import Notification
from models.database import brief_transaction, fetch, for_update, transaction
from models.errors import InsufficientStock, Refusals
from models.money import CurrencyCode
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.payments import Payment
from models.orders.states import (
    FulfilmentStatus,
    OrderStatus,
    PaymentStatus,
    payment_may_become,
)
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.orders.fulfilment import histories
from resolvers.orders.orders import change_of, record_event
from resolvers.orders.payment import late_payments, order_paid, plain_settlement
from resolvers.orders.payment.refunds import refund_payment
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    PAID = "PAID"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    REPEATED = "REPEATED"
    UNKNOWN = "UNKNOWN"
    MISMATCHED = "MISMATCHED"


async def settle(ctx: Context, provider: str, said: Notification) -> Outcome:
    """Settle what `provider` has been verified to have said; `ctx` is the system's."""
    outcome = await _outcome(ctx, provider, said)
    write = log.error if outcome in (Outcome.UNKNOWN, Outcome.MISMATCHED) else log.info
    write("payment notification", provider=provider, reference=said.reference, outcome=outcome)
    return outcome


async def settle_free(ctx: Context, order_id: int) -> None:
    """An order with nothing to pay is paid when it is placed; runs inside that transaction."""
    order = await Order.filter(id=order_id).select_for_update().get()
    await order_paid.pay(ctx, order)


async def _outcome(ctx: Context, provider: str, said: Notification) -> Outcome:
    if await plain_settlement.settled(ctx, provider, said):
        return Outcome.PAID
    try:
        return await brief_transaction(_settle, ctx, provider, said)
    except (InsufficientStock, Refusals):
        # Rolled back: the hold had run out and the goods are gone.
        return await transaction(_give_back, ctx, provider, said)


async def _settle(ctx: Context, provider: str, said: Notification) -> Outcome:
    if (found := await _locked(provider, said.reference)) is None:
        return Outcome.UNKNOWN
    order, payment = found
    if (nothing := _nothing_to_do(payment, said)) is not None:
        return nothing
    if not said.succeeded:
        payment.status = PaymentStatus.FAILED
        await payment.save(update_fields=["status", "updated_at"])
        await announce(ctx, [change_of(order)])
        return Outcome.FAILED
    asked_minor = payment.amount_minor
    await _book(ctx, order, payment, said)
    if said.amount_minor == asked_minor and await late_payments.is_payable(ctx, order):
        await order_paid.pay(ctx, order)
        return Outcome.PAID
    return await _refund(ctx, order, payment, "The order was not waiting for this payment.")


async def _give_back(ctx: Context, provider: str, said: Notification) -> Outcome:
    """The money for goods that are gone: cancel the order, unless it has moved on, and refund."""
    if (found := await _locked(provider, said.reference)) is None:
        return Outcome.UNKNOWN
    order, payment = found
    if (nothing := _nothing_to_do(payment, said)) is not None:
        return nothing
    await _book(ctx, order, payment, said)
    if order.status is OrderStatus.PENDING_PAYMENT:
        parts = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.OPEN)
        steps = [(part.id, part.status) for part in await parts]
        await parts.update(status=FulfilmentStatus.CANCELLED, updated_at=ctx.now())
        await histories.record(ctx, steps, FulfilmentStatus.CANCELLED)
        await backorders.release(ctx, order.id)
        await allocation_holds.release(ctx, order.id)
        note = "Paid after the goods were sold to others."
        await record_event(ctx, order, OrderStatus.CANCELLED, note, cancelled_at=ctx.now())
    return await _refund(ctx, order, payment, "The goods were sold before the payment came.")


async def _locked(provider: str, reference: str) -> tuple[Order, Payment] | None:
    """The payment with this number at the provider, and its order: locked at once, the order first.

    Found by the number alone: nearly all payments may be the provider's.
    """
    rows = await fetch(
        f"SELECT {Order.selected('o')}, {Payment.selected('p')}"
        " FROM sales_order AS o JOIN payment AS p ON p.order_id = o.id"
        f" WHERE p.reference = ?{for_update()}",
        reference,
    )
    if not rows or rows[0]["p_provider"] != provider:
        return None
    return Order.read(rows[0], "o"), Payment.read(rows[0], "p")


def _nothing_to_do(payment: Payment, said: Notification) -> Outcome | None:
    """The outcome, where it changes nothing."""
    then = PaymentStatus.SUCCEEDED if said.succeeded else PaymentStatus.FAILED
    if not payment_may_become(payment.status, then):
        return Outcome.REPEATED
    money = said.amount_minor > 0 and said.currency == CurrencyCode.CNY
    return Outcome.MISMATCHED if said.succeeded and not money else None


async def _book(ctx: Context, order: Order, payment: Payment, said: Notification) -> None:
    payment.update_from_dict(await order_paid.book(ctx, order, payment.id, said))


async def _refund(ctx: Context, order: Order, payment: Payment, reason: str) -> Outcome:
    await order.save(update_fields=["paid_minor", "updated_at"])
    await refund_payment(ctx, order, payment, payment.amount_minor, reason)
    await announce(ctx, [change_of(order)])
    return Outcome.REFUNDED
