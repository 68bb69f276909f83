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
"""

from __future__ import annotations

from enum import StrEnum

import structlog

from gateways import Notification
from models.database import transaction
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
from resolvers.context import Context
from resolvers.orders import lapsing, paying
from resolvers.orders.orders import change_of, record_event
from resolvers.orders.refunds import refund_payment
from resolvers.outbox import announce
from resolvers.stock import reservations

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
    await paying.pay(ctx, order)


async def _outcome(ctx: Context, provider: str, said: Notification) -> Outcome:
    payment = await Payment.filter(reference=said.reference, provider=provider).first()
    if payment is None:
        return Outcome.UNKNOWN
    try:
        return await transaction(_settle, ctx, payment, said)
    except (InsufficientStock, Refusals):
        # Rolled back: the hold had run out and the goods are gone.
        return await transaction(_give_back, ctx, payment, said)


async def _settle(ctx: Context, found: Payment, said: Notification) -> Outcome:
    order, payment = await _locked(found)
    if (nothing := _nothing_to_do(payment, said)) is not None:
        return nothing
    if not said.succeeded:
        payment.status = PaymentStatus.FAILED
        await payment.save(update_fields=["status", "updated_at"])
        await announce(ctx, [change_of(order)])
        return Outcome.FAILED
    asked_minor = payment.amount_minor
    await _book(ctx, order, payment, said)
    if said.amount_minor == asked_minor and await lapsing.is_payable(ctx, order):
        await paying.pay(ctx, order)
        return Outcome.PAID
    return await _refund(ctx, order, payment, "The order was not waiting for this payment.")


async def _give_back(ctx: Context, found: Payment, said: Notification) -> Outcome:
    """The money for goods that are gone: cancel the order, unless it has moved on, and refund."""
    order, payment = await _locked(found)
    if (nothing := _nothing_to_do(payment, said)) is not None:
        return nothing
    await _book(ctx, order, payment, said)
    if order.status is OrderStatus.PENDING_PAYMENT:
        parts = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.OPEN)
        await parts.update(status=FulfilmentStatus.CANCELLED, updated_at=ctx.now())
        await reservations.release(ctx, order.id)
        note = "Paid after the goods were sold to others."
        await record_event(ctx, order, OrderStatus.CANCELLED, note, cancelled_at=ctx.now())
    return await _refund(ctx, order, payment, "The goods were sold before the payment came.")


async def _locked(found: Payment) -> tuple[Order, Payment]:
    """The payment as it is now that its order is locked."""
    order = await Order.filter(id=found.order_id).select_for_update().get()
    return order, await Payment.get(id=found.id)


def _nothing_to_do(payment: Payment, said: Notification) -> Outcome | None:
    """The outcome, where it changes nothing."""
    then = PaymentStatus.SUCCEEDED if said.succeeded else PaymentStatus.FAILED
    if not payment_may_become(payment.status, then):
        return Outcome.REPEATED
    money = said.amount_minor > 0 and said.currency == CurrencyCode.CNY
    return Outcome.MISMATCHED if said.succeeded and not money else None


async def _book(ctx: Context, order: Order, payment: Payment, said: Notification) -> None:
    """The money is here, whatever it is for: as much as came, not as was asked."""
    payment.status, payment.settled_at = PaymentStatus.SUCCEEDED, ctx.now()
    payment.amount_minor = said.amount_minor
    payment.provider_reference = said.provider_reference
    await payment.save(
        update_fields=["status", "settled_at", "amount_minor", "provider_reference", "updated_at"]
    )
    order.paid_minor += said.amount_minor
    await order.save(update_fields=["paid_minor", "updated_at"])


async def _refund(ctx: Context, order: Order, payment: Payment, reason: str) -> Outcome:
    await refund_payment(ctx, order, payment, payment.amount_minor, reason)
    await announce(ctx, [change_of(order)])
    return Outcome.REFUNDED
