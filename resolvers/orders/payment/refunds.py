"""Refunds: recorded in the transaction that decides them, requested from the provider after the commit.

Recording a refund with its cause keeps a payment from giving back more than it brought. A job then requests
it from the provider until that succeeds; the provider knows a refund by its reference and carries it out
once. Money received at a till is given back at the till, so its refund is settled at once.
"""

from __future__ import annotations

from typing import Any

from gateways import GatewayError
from gateways.payments import RefundOrder, RefundOutcome, RefundState
from models.database import transaction
from models.money import CurrencyCode
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order, OrderLine
from models.orders.payments import Payment, Refund, RefundStatus
from models.orders.states import PaymentFlow, PaymentStatus
from resolvers.background.jobs import Handlers, enqueue
from resolvers.context import Context
from resolvers.orders.payment.accounts import Account, account_of
from resolvers.orders.payment.references import new_reference
from resolvers.referrals import commissions

REFUND_JOB = "refund"
REASON_LENGTH = 200
_PAID = (PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED)


async def refund_order(ctx: Context, order: Order, reason: str) -> int:
    """Refund all that a locked order still holds and reverse its commissions; return the amount (minor).

    Runs inside the caller's transaction.
    """
    refunded = await _from_payments(ctx, order, order.paid_minor - order.refunded_minor, reason)
    lines = await OrderLine.filter(order_id=order.id)
    await commissions.reverse(ctx, order.id, sum(line.total_minor for line in lines))
    return refunded


async def refund_fulfilment(ctx: Context, order: Order, fulfilment: Fulfilment, reason: str) -> int:
    """Refund what one fulfilment of a locked order was paid for its lines and its fee; return it (minor)."""
    lines = {line.id: line for line in await OrderLine.filter(order_id=order.id)}
    amount = fulfilment.fee_minor
    for each in await FulfilmentLine.filter(fulfilment_id=fulfilment.id):
        line = lines[each.order_line_id]
        before = paid_for(line, line.returned)
        line.returned += each.quantity
        amount += paid_for(line, line.returned) - before
        await line.save(update_fields=["returned"])
    refunded = await _from_payments(ctx, order, amount, reason)
    fulfilment.refunded_minor = refunded
    await fulfilment.save(update_fields=["refunded_minor", "updated_at"])
    base = sum(paid_for(line, line.returned) for line in lines.values())
    await commissions.reverse(ctx, order.id, base)
    return refunded


def paid_for(line: OrderLine, quantity: int) -> int:
    """Return what the first `quantity` units of a line were paid; all of them add up to its total."""
    return line.total_minor * quantity // line.quantity


async def refund_payment(
    ctx: Context, order: Order, payment: Payment, amount_minor: int, reason: str
) -> None:
    """Record a refund of one payment of a locked order; the payment must still hold the amount."""
    refund = await Refund.create(
        payment_id=payment.id,
        reference=new_reference("R"),
        amount_minor=amount_minor,
        reason=reason[:REASON_LENGTH],
    )
    payment.refunded_minor += amount_minor
    order.refunded_minor += amount_minor
    await payment.save(update_fields=["refunded_minor", "updated_at"])
    await order.save(update_fields=["refunded_minor", "updated_at"])
    if payment.flow is PaymentFlow.COUNTER:
        await _settle(ctx, refund.id)
    else:
        await enqueue(ctx, REFUND_JOB, {"refund_id": refund.id})


async def ask_provider(ctx: Context, payload: dict[str, Any]) -> None:
    """Request a recorded refund from its provider, as a job. Raises: GatewayError; the job is tried again."""
    refund = await Refund.get(id=payload["refund_id"])
    if refund.status is RefundStatus.SUCCEEDED:
        return
    payment = await Payment.get(id=refund.payment_id)
    order = await Order.get(id=payment.order_id)
    account = await account_of(ctx, order.merchant_id, payment.provider)
    if account is None:
        raise GatewayError(f"{payment.provider} is no longer configured: its refunds wait.")
    state = await account.gateway.refund(_order_of(account, payment, refund))
    if state.outcome is not RefundOutcome.SUCCEEDED:
        raise GatewayError(f"{payment.provider} has not given it back: {state.outcome}.")
    await transaction(_settle, ctx, refund.id)


async def settle(ctx: Context, provider: str, state: RefundState) -> bool:
    """Settle what `provider` has been verified to say of a refund. Return whether there is such a refund."""
    found = await Refund.filter(reference=state.reference, payment__provider=provider).first()
    if found is None or found.amount_minor != state.amount_minor:
        return False
    if state.outcome is RefundOutcome.SUCCEEDED:
        await transaction(_settle, ctx, found.id)
    return True


def _order_of(account: Account, payment: Payment, refund: Refund) -> RefundOrder:
    return RefundOrder(
        reference=refund.reference,
        charge_reference=payment.reference,
        provider_reference=payment.provider_reference or "",
        amount_minor=refund.amount_minor,
        charged_minor=payment.amount_minor,
        currency=CurrencyCode.CNY,
        reason=refund.reason,
        notify_url=account.notify_url,
    )


HANDLERS: Handlers = {REFUND_JOB: ask_provider}


async def _from_payments(ctx: Context, order: Order, amount_minor: int, reason: str) -> int:
    left = amount_minor
    for payment in await Payment.filter(order_id=order.id, status__in=_PAID).order_by("id"):
        share = min(left, payment.amount_minor - payment.refunded_minor)
        if share > 0:
            await refund_payment(ctx, order, payment, share, reason)
            left -= share
    return amount_minor - left


async def _settle(ctx: Context, refund_id: int) -> None:
    """Record once that the money is back, on the refund and its payment."""
    settled = Refund.filter(id=refund_id, status=RefundStatus.REQUESTED)
    if not await settled.update(status=RefundStatus.SUCCEEDED, settled_at=ctx.now()):
        return
    refund = await Refund.get(id=refund_id)
    payment = await Payment.filter(id=refund.payment_id).select_for_update().get()
    done = await Refund.filter(payment_id=payment.id, status=RefundStatus.SUCCEEDED)
    back = sum(each.amount_minor for each in done)
    whole = back >= payment.amount_minor
    payment.status = PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
    await payment.save(update_fields=["status", "updated_at"])
