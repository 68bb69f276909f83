"""A merchant's accounts at payment providers, and where providers send their notifications."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gateways import PaymentGateway
from models.database import fetch
from models.orders.states import PaymentProvider
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class Account:
    """How a merchant is paid through a provider; `notify_url` is the address that the provider notifies."""

    gateway: PaymentGateway
    notify_url: str


async def account_of(
    ctx: Context, merchant_id: int | None, provider: PaymentProvider
) -> Account | None:
    """Return a merchant's own account at a provider, else the one for every merchant, None without either."""
    url = f"{ctx.settings.base_url}/webhooks/payments/{provider.lower()}"
    if ctx.gateways.merchant_payments:
        code = await _merchant_code(merchant_id)
        if own := ctx.gateways.merchant_payments.get((code, provider)):
            return Account(own, f"{url}/{quote(code, safe='')}")
    shared = ctx.gateways.payments.get(provider)
    return Account(shared, url) if shared else None


async def is_of_merchant(code: str, reference: str) -> bool:
    """Return whether a reference names a payment or a refund of the merchant with this code.

    An account reports on every reference that its merchant has sent to the provider. A merchant may send any
    reference from its own systems, also that of another merchant's payment.
    """
    rows = await fetch(
        "SELECT 1 FROM payment p JOIN sales_order o ON o.id = p.order_id"
        " JOIN organisation n ON n.id = o.merchant_id WHERE n.code = ? AND (p.reference = ?"
        " OR p.id = (SELECT payment_id FROM refund WHERE reference = ?))",
        code,
        reference,
        reference,
    )
    return bool(rows)


async def _merchant_code(merchant_id: int | None) -> str:
    rows = await fetch("SELECT code FROM organisation WHERE id = ?", merchant_id)
    return str(rows[0]["code"]) if rows else ""
