"""Payments: reading them, and starting one at a provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from orjson import dumps
from tortoise.expressions import Subquery

from gateways import GatewayError
from gateways.payments import Charge, ChargeRefused, StartedCharge
from models.database import brief_transaction, change, fetch, for_update
from models.deferred_writes import insert_later
from models.errors import Expired, InvalidInput, NotFound, PaymentFailed, StateConflict
from models.money import CurrencyCode
from models.orders.orders import Order
from models.orders.payments import Payment
from models.orders.states import OrderStatus, PaymentFlow, PaymentProvider, PaymentStatus
from resolvers.context import SYSTEM, Context
from resolvers.idempotency import answered, claim_all, claim_of
from resolvers.orders.actions import is_void
from resolvers.orders.payment import settlement
from resolvers.orders.payment.accounts import Account, account_of
from resolvers.orders.payment.references import new_reference
from resolvers.orders.scope import visible
from resolvers.permissions import for_anyone, for_customers
from resolvers.slices import Slice, rows_of_each


@dataclass(frozen=True, slots=True)
class ChargeDraft:
    """The order to pay and the way to pay it, as a client asks for it."""

    order_id: int
    provider: PaymentProvider
    flow: PaymentFlow
    payment_code: str | None
    idempotency_key: str


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Payment]:
    """Return the payments with these IDs, of orders that the caller may see."""
    seen = Subquery(visible(Order.all(), ctx).values("id"))
    return {row.id: row for row in await Payment.filter(id__in=set(ids), order_id__in=seen)}


@for_anyone
async def of_orders(
    ctx: Context, order_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[Payment]]:
    """Return the payments of orders that the caller has been shown, oldest first."""
    return await rows_of_each(Payment, "order_id", order_ids, cut)


@for_customers
async def start(ctx: Context, draft: ChargeDraft) -> Payment:
    """Start a payment of the caller's own order: record the intent, ask the provider, keep its response.

    The same key returns the same payment. The provider is asked again only if it has not responded.
    What the provider collects at once is settled at once.

    Raises: InvalidInput for a way to pay that is not offered, NotFound, StateConflict, Expired,
    PaymentFailed when the provider refuses or does not respond.
    """
    account = await _account(ctx, draft)
    payment, order = await brief_transaction(_record_intent, ctx, draft)
    if payment.status is not PaymentStatus.PENDING or _is_started(payment):
        return payment
    try:
        started = await account.gateway.start(_charge(ctx, draft, payment, order, account))
    except ChargeRefused as error:
        raise PaymentFailed("The payment provider refuses this payment.") from error
    except GatewayError as error:
        raise PaymentFailed("The payment provider does not answer. Try again.") from error
    kept = await _keep(ctx, payment.id, started)
    if started.ended is None:
        return kept
    await settlement.settle(replace(ctx, actor=SYSTEM, memory={}), draft.provider, started.ended)
    return await Payment.get(id=payment.id)


async def _keep(ctx: Context, payment_id: int, started: StartedCharge) -> Payment:
    """Keep the provider's first response; its notification may have been settled already."""
    rows = await change(
        "UPDATE payment SET code_url = ?, client_parameters = ?, updated_at = ?"
        " WHERE id = ? AND code_url IS NULL AND CAST(client_parameters AS TEXT) = '{}'"
        f" RETURNING {Payment.selected('payment')}",
        started.code_url,
        dumps(started.client_parameters).decode(),
        ctx.now(),
        payment_id,
    )
    return Payment.read(rows[0], "payment") if rows else await Payment.get(id=payment_id)


def _is_started(payment: Payment) -> bool:
    return bool(payment.code_url or payment.client_parameters)


async def _account(ctx: Context, draft: ChargeDraft) -> Account:
    account = await account_of(ctx, ctx.merchant_id, draft.provider)
    if account is None:
        raise InvalidInput(
            "{provider} is not configured here.", path=("provider",), provider=draft.provider
        )
    if draft.flow not in account.gateway.capabilities.flows:
        raise InvalidInput(
            "{provider} does not offer {flow}.",
            path=("flow",),
            provider=draft.provider,
            flow=draft.flow,
        )
    return account


async def _record_intent(ctx: Context, draft: ChargeDraft) -> tuple[Payment, Order]:
    """Return the payment of this key, new or from an earlier request, and its order."""
    claim = claim_of(ctx, "paymentStart", draft.idempotency_key, draft)
    claimed, _ = await claim_all([claim], ctx.now(), "payment")
    if claim not in claimed:
        payment = await Payment.get(id=await answered(claim))
        return payment, await Order.get(id=payment.order_id)
    order = payable(await _locked_own(ctx, draft.order_id))
    if is_void(ctx, order):
        raise Expired("The time to pay this order is over.", path=("orderId",))
    return await _create(ctx, draft, order, claimed[claim]), order


async def _locked_own(ctx: Context, order_id: int) -> Order | None:
    """Lock and return the caller's own order."""
    rows = await fetch(
        f"SELECT {Order.selected('o')} FROM sales_order AS o WHERE o.id = ? AND o.merchant_id = ?"
        f" AND (o.member_id = ? OR o.guest_id = ?){for_update()}",
        order_id,
        ctx.merchant_id,
        ctx.member_id,
        ctx.guest_id,
    )
    return Order.read(rows[0], "o") if rows else None


async def _create(ctx: Context, draft: ChargeDraft, order: Order, payment_id: int) -> Payment:
    columns: dict[str, Any] = {
        "id": payment_id,
        "order_id": order.id,
        "provider": draft.provider,
        "flow": draft.flow,
        "status": PaymentStatus.PENDING,
        "amount_minor": payable_minor(order),
        "refunded_minor": 0,
        "reference": new_reference("P"),
        "client_parameters": {},
        "created_at": ctx.now(),
        "updated_at": ctx.now(),
    }
    await insert_later("payment", tuple(columns), [tuple(columns.values())])
    return Payment.written(**columns)


def payable(order: Order | None) -> Order:
    """Return an order that was searched for, if it waits for money.

    Raises: NotFound, StateConflict.
    """
    if order is None:
        raise NotFound("There is no such order.", path=("orderId",))
    if order.status is not OrderStatus.PENDING_PAYMENT:
        raise StateConflict(
            "An order that is {state} takes no payment.", state=order.status, path=("orderId",)
        )
    return order


def payable_minor(order: Order) -> int:
    """Return what is still to be paid; money that came and was refunded does not count."""
    return order.payable_minor - (order.paid_minor - order.refunded_minor)


def _charge(
    ctx: Context, draft: ChargeDraft, payment: Payment, order: Order, account: Account
) -> Charge:
    return Charge(
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=CurrencyCode.CNY,
        description=f"Order {order.number}",
        flow=payment.flow,
        notify_url=account.notify_url,
        channel=order.channel,
        expires_at=order.hold_expires_at,
        payment_code=draft.payment_code,
        client_address=ctx.remote_address or None,
    )
