"""What a payment provider says becomes true here, exactly once.

A notification may come twice, late, before our own answer to the client, several at once, or for an
order that has moved on. Each case has one outcome, and money that has no order to pay for goes back:

    payment                 the provider says   order                    outcome
    unknown reference       anything            –                        UNKNOWN     nothing changes
    settled before          anything            any                      REPEATED    nothing changes
    failed before           failed              any                      REPEATED    nothing changes
    open                    failed              any                      FAILED      the order stays payable
    open (or failed)        paid, not in CNY    any                      MISMATCHED  nothing changes
    open (or failed)        paid, other amount  any                      REFUNDED    the order stays as it is
    open (or failed)        paid                payable                  PAID
    open (or failed)        paid                expired, goods there     PAID        stock committed again
    open (or failed)        paid                expired, goods gone      REFUNDED    the order is cancelled
    open (or failed)        paid                paid by another payment  REFUNDED    the order stays as it is
    open (or failed)        paid                cancelled by a person    REFUNDED    the order stays as it is

"Expired" is an unpaid order whose hold has run out, whether a sweeper has cancelled it meanwhile or
not. UNKNOWN and MISMATCHED are answered to the provider as errors, so that people look into them.

`settle_all` settles a list of notifications in one transaction. The orders and payments are locked once, in
the order of IDs, so parallel notifications for one order follow each other. Nearly every notification brings
the amount asked for, for an order whose units are all on hold. Its order is read before the lock, and it is
settled together with others for the same products. Any other notification is a list of one, and its order is
read under the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from gateways.payments import Notification
from models.database import brief_transaction, fetch, for_update, marks
from models.deferred_writes import Outdated, update_later
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
from resolvers.micro_batching import in_one_transaction
from resolvers.orders.fulfilment import histories
from resolvers.orders.orders import change_of, record_event
from resolvers.orders.payment import late_payments, order_paid, order_snapshots
from resolvers.orders.payment.order_paid import Sale
from resolvers.orders.payment.order_snapshots import OrderSnapshot
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What `provider` has been verified to have said of a payment.

    `snapshot` is the order as it was read without a lock, None where it is to be read under its lock.
    `goods_gone`: an earlier attempt to pay the order has found its goods sold to others.
    """

    ctx: Context
    provider: str
    said: Notification
    snapshot: OrderSnapshot | None
    goods_gone: bool = False


async def settle(ctx: Context, provider: str, said: Notification) -> Outcome:
    """Settle what `provider` has been verified to have said; `ctx` is the system's."""
    snapshot = await order_snapshots.of_payment(ctx, provider, said)
    notice = Notice(ctx=ctx, provider=provider, said=said, snapshot=snapshot)
    outcome = await _settle_with_others(notice) or await _settle_alone(notice)
    write = log.error if outcome in (Outcome.UNKNOWN, Outcome.MISMATCHED) else log.info
    write("payment notification", provider=provider, reference=said.reference, outcome=outcome)
    return outcome


async def settle_free(ctx: Context, order_id: int) -> None:
    """Pay an order with nothing to pay, inside the transaction that places it."""
    order = await Order.filter(id=order_id).select_for_update().get()
    await order_paid.pay(ctx, order)


async def settle_all(notices: Sequence[Notice]) -> list[Outcome | None]:
    """Settle notices in the running transaction; each is for another order.

    None stands for a notice whose order has changed since it was read: nothing is settled for it.

    Raises: InsufficientStock, Refusals when the goods of an order are gone; Outdated when a hold that was
    read without a lock has been released.
    """
    locked = await _locked([each.said.reference for each in notices])
    outcomes: list[Outcome | None] = []
    sales: list[Sale] = []
    for notice in notices:
        found = locked.get((notice.provider, notice.said.reference))
        outcome = await _settle(notice, *found) if found else Outcome.UNKNOWN
        if found and outcome is Outcome.PAID:
            sales.append(await _sale(notice, found[0]))
        outcomes.append(outcome)
    await order_paid.pay_all(notices[0].ctx, sales)
    return outcomes


async def _settle_with_others(notice: Notice) -> Outcome | None:
    """Settle a notice whose order was read, together with others; None where it has to be read again."""
    if notice.snapshot is None:
        return None
    order = frozenset({("order", notice.snapshot.order_id)})
    products = notice.snapshot.product_ids
    try:
        return await in_one_transaction(settle_all, notice, shared=products, exclusive=order)
    except Outdated:
        return None


async def _settle_alone(notice: Notice) -> Outcome:
    """Settle a notice whose order is read under its lock."""
    notice = replace(notice, snapshot=None)
    try:
        (outcome,) = await brief_transaction(settle_all, [notice])
    except (InsufficientStock, Refusals):
        # Rolled back: the hold had run out, and the goods are gone.
        gone = replace(notice, goods_gone=True)
        (outcome,) = await brief_transaction(settle_all, [gone])
    assert outcome is not None  # noqa: S101 - nothing was read that could have changed
    return outcome


async def _locked(references: Sequence[str]) -> dict[tuple[str, str], tuple[Order, Payment]]:
    """Lock payments and their orders, the orders first; return them by provider and reference.

    They are found by the reference alone: nearly all payments may be of one provider.
    """
    rows = await fetch(
        f"SELECT {Order.selected('o')}, {Payment.selected('p')}"
        " FROM sales_order AS o JOIN payment AS p ON p.order_id = o.id"
        f" WHERE p.reference IN ({marks(references)}) ORDER BY o.id{for_update()}",
        *references,
    )
    return {
        (row["p_provider"], row["p_reference"]): (Order.read(row, "o"), Payment.read(row, "p"))
        for row in rows
    }


async def _settle(notice: Notice, order: Order, payment: Payment) -> Outcome | None:
    """Write what a notice means for its locked payment; an order that is PAID is left to the caller."""
    ctx, said = notice.ctx, notice.said
    if (unchanged := _without_effect(payment, said)) is not None:
        return unchanged
    if not said.succeeded:
        payment.status = PaymentStatus.FAILED
        await payment.save(update_fields=["status", "updated_at"])
        await announce(ctx, [change_of(order)])
        return Outcome.FAILED
    if notice.snapshot is not None and not notice.snapshot.is_current(order):
        return None
    asked_minor = payment.amount_minor
    await _receive(ctx, order, payment, said)
    if notice.goods_gone:
        await _cancel_sold_out(ctx, order)
        return await _refund(ctx, order, payment, "The goods were sold before the payment came.")
    if said.amount_minor == asked_minor and await late_payments.is_payable(ctx, order):
        return Outcome.PAID
    return await _refund(ctx, order, payment, "The order was not waiting for this payment.")


def _without_effect(payment: Payment, said: Notification) -> Outcome | None:
    """Return the outcome of a notification that changes nothing, None for any other."""
    then = PaymentStatus.SUCCEEDED if said.succeeded else PaymentStatus.FAILED
    if not payment_may_become(payment.status, then):
        return Outcome.REPEATED
    money = said.amount_minor > 0 and said.currency == CurrencyCode.CNY
    return Outcome.MISMATCHED if said.succeeded and not money else None


async def _receive(ctx: Context, order: Order, payment: Payment, said: Notification) -> None:
    """Record the money that came, which may be another amount than was asked for."""
    columns = {
        "status": PaymentStatus.SUCCEEDED,
        "settled_at": ctx.now(),
        "amount_minor": said.amount_minor,
        "provider_reference": said.provider_reference,
        "updated_at": ctx.now(),
    }
    await update_later("payment", ("id", *columns), [(payment.id, *columns.values())])
    payment.update_from_dict(columns)
    order.paid_minor += said.amount_minor


async def _sale(notice: Notice, order: Order) -> Sale:
    return Sale(order, notice.snapshot or await order_snapshots.of_locked(notice.ctx, order))


async def _cancel_sold_out(ctx: Context, order: Order) -> None:
    """Cancel an unpaid order whose goods are gone; an order that has moved on stays as it is."""
    if order.status is not OrderStatus.PENDING_PAYMENT:
        return
    open_fulfilments = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.OPEN)
    steps = [(each.id, each.status) for each in await open_fulfilments]
    await open_fulfilments.update(status=FulfilmentStatus.CANCELLED, updated_at=ctx.now())
    await histories.record(ctx, steps, FulfilmentStatus.CANCELLED)
    await backorders.release(ctx, order.id)
    await allocation_holds.release(ctx, order.id)
    note = "Paid after the goods were sold to others."
    await record_event(ctx, order, OrderStatus.CANCELLED, note, cancelled_at=ctx.now())


async def _refund(ctx: Context, order: Order, payment: Payment, reason: str) -> Outcome:
    await order.save(update_fields=["paid_minor", "updated_at"])
    await refund_payment(ctx, order, payment, payment.amount_minor, reason)
    await announce(ctx, [change_of(order)])
    return Outcome.REFUNDED
