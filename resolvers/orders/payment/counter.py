"""Payments at a till: cash, or a card by the shop's own terminal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput
from models.money import CurrencyCode, InvalidAmount, to_decimal, to_minor
from models.orders.orders import Order
from models.orders.payments import Payment
from models.orders.states import PaymentFlow, PaymentProvider, PaymentStatus
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.orders.payment import order_paid
from resolvers.orders.payment.payments import payable, payable_minor
from resolvers.orders.payment.references import new_reference
from resolvers.orders.scope import in_territory
from resolvers.permissions import requires
from resolvers.validation import text_of

PROVIDERS = (PaymentProvider.CASH, PaymentProvider.CARD)


@dataclass(frozen=True, slots=True)
class TillDraft:
    """A payment as a cashier records it; `reference` is the till's own, such as the number of a card slip."""

    order_id: int
    provider: PaymentProvider
    amount: Decimal
    reference: str | None
    idempotency_key: str


@requires(Permission.PAYMENT_RECORD)
async def record(ctx: Context, draft: TillDraft) -> Payment:
    """Pay a whole order of the caller's territory with money that a cashier has received.

    An order whose hold has run out is still sold while the goods are there, because the customer is present.

    Raises: InvalidInput, NotFound, StateConflict, InsufficientStock or Refusals with it.
    """
    if draft.provider not in PROVIDERS:
        raise InvalidInput("A till takes CASH or CARD.", path=("provider",))
    if draft.reference is not None:
        text_of(draft.reference, "reference", 64)
    return await Payment.get(id=await transaction(_record, ctx, draft))


async def _record(ctx: Context, draft: TillDraft) -> int:
    async def work() -> int:
        reachable = in_territory(Order.filter(id=draft.order_id), ctx, Permission.PAYMENT_RECORD)
        order = payable(await reachable.select_for_update().first())
        amount_minor = payable_minor(order)
        _check_amount(draft.amount, amount_minor)
        payment = await Payment.create(
            order_id=order.id,
            provider=draft.provider,
            flow=PaymentFlow.COUNTER,
            status=PaymentStatus.SUCCEEDED,
            amount_minor=amount_minor,
            reference=new_reference("P"),
            till_reference=draft.reference,
            settled_at=ctx.now(),
        )
        order.paid_minor += amount_minor
        await order_paid.pay(ctx, order)
        return payment.id

    return int(await once(ctx, "paymentRecord", draft.idempotency_key, draft, work))


def _check_amount(amount: Decimal, wanted_minor: int) -> None:
    try:
        given_minor = to_minor(amount, CurrencyCode.CNY)
    except InvalidAmount:
        given_minor = -1
    if given_minor != wanted_minor:
        raise InvalidInput(
            "The order costs {amount}: a till takes all of it.",
            path=("amount",),
            amount=to_decimal(wanted_minor, CurrencyCode.CNY),
        )
