"""Tables of payments and refunds."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.orders.states import PaymentFlow, PaymentProvider, PaymentStatus
from models.tables.fields import Row, choice, minor, never_negative, reference, within


class Payment(Row):
    """One attempt to pay an order. `reference` is our number, `provider_reference` the provider's.

    `till_reference` is what a till recorded, such as the number of a card slip.
    """

    order = reference("Order")
    provider = choice(PaymentProvider)
    flow = choice(PaymentFlow)
    status = choice(PaymentStatus, default=PaymentStatus.PENDING)
    amount_minor = minor()
    refunded_minor = minor(default=0)
    reference = fields.CharField(max_length=32, unique=True)
    provider_reference = fields.CharField(max_length=64, null=True)
    till_reference = fields.CharField(max_length=64, null=True)
    client_parameters = fields.JSONField[dict[str, str]](default=dict)
    code_url = fields.CharField(max_length=512, null=True)
    settled_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    order_id: int

    class Meta:
        table = "payment"
        unique_together = (("provider", "provider_reference"),)
        constraints = (
            *never_negative("payment", "refunded_minor"),
            within("payment", "amount", '"amount_minor" > 0'),
            within("payment", "refunded_at_most", '"refunded_minor" <= "amount_minor"'),
        )


class RefundStatus(StrEnum):
    REQUESTED = "REQUESTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Refund(Row):
    """Money on its way back: recorded first, then requested from the provider, then settled."""

    payment = reference("Payment")
    reference = fields.CharField(max_length=32, unique=True)
    amount_minor = minor()
    reason = fields.CharField(max_length=200)
    status = choice(RefundStatus, default=RefundStatus.REQUESTED)
    settled_at = fields.DatetimeField(null=True)

    payment_id: int

    class Meta:
        table = "refund"
        constraints = (within("refund", "amount", '"amount_minor" > 0'),)
