"""A merchant's accounts at payment providers, and where providers send their notifications."""

from __future__ import annotations

from urllib.parse import quote

from gateways import PaymentGateway
from models.database import fetch
from models.orders.states import PaymentProvider
from resolvers.context import Context


async def account_of(
    ctx: Context, merchant_id: int | None, provider: PaymentProvider
) -> PaymentGateway | None:
    """Return the account that a merchant is paid through at a provider, None where it has none."""
    if not ctx.gateways.merchant_payments:
        return ctx.gateways.payments.get(provider)
    return ctx.gateways.payment(await _merchant_code(merchant_id), provider)


async def notify_url(ctx: Context, merchant_id: int | None, provider: PaymentProvider) -> str:
    """Return the address that `provider` notifies of a merchant's charges and refunds."""
    url = f"{ctx.settings.base_url}/webhooks/payments/{provider.lower()}"
    if not ctx.gateways.merchant_payments:
        return url
    code = await _merchant_code(merchant_id)
    own = (code, provider) in ctx.gateways.merchant_payments
    return f"{url}/{quote(code, safe='')}" if own else url


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
