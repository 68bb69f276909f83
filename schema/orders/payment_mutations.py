from __future__ import annotations

from dataclasses import field
from decimal import Decimal

import strawberry

from models.orders.states import PaymentFlow, PaymentProvider
from resolvers.orders.payment import counter as payment_counter
from resolvers.orders.payment import payments
from resolvers.orders.payment.counter import TillDraft
from resolvers.orders.payment.payments import ChargeDraft
from schema.errors import UserError, refusing
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.orders.payment_types import Payment


@strawberry.input
class PaymentStartInput:
    order_id: strawberry.ID
    provider: PaymentProvider
    flow: PaymentFlow
    payment_code: str | None = None
    idempotency_key: str


@strawberry.input
class PaymentRecordInput:
    order_id: strawberry.ID
    provider: PaymentProvider
    amount: Decimal
    reference: str | None = None
    idempotency_key: str


@strawberry.type
class PaymentPayload:
    payment: Payment | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class PaymentMutations:
    @refusing(PaymentPayload)
    async def payment_start(self, info: Info, input: PaymentStartInput) -> PaymentPayload:
        """Begin to pay one's order at a provider."""
        draft = ChargeDraft(
            order_id=row_id(input.order_id, "Order", path=("orderId",)),
            provider=input.provider,
            flow=input.flow,
            payment_code=input.payment_code,
            idempotency_key=input.idempotency_key,
        )
        return PaymentPayload(payment=Payment.of(await payments.start(info.context, draft)))

    @refusing(PaymentPayload)
    async def payment_record(self, info: Info, input: PaymentRecordInput) -> PaymentPayload:
        """Cash or card taken at a till, by its cashier, for the whole order.

        Needs PAYMENT_RECORD.
        """
        draft = TillDraft(
            order_id=row_id(input.order_id, "Order", path=("orderId",)),
            provider=input.provider,
            amount=input.amount,
            reference=input.reference,
            idempotency_key=input.idempotency_key,
        )
        return PaymentPayload(payment=Payment.of(await payment_counter.record(info.context, draft)))
