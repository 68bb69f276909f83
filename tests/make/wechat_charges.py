"""A charge and a refund, as the shop asks WeChat Pay for them."""

from __future__ import annotations

from datetime import UTC, datetime

from gateways.payments import Charge, RefundOrder

CHARGE = Charge(
    reference="P" + "0" * 30,
    amount_minor=1250,
    currency="CNY",
    description="Order 260131ABCDEFGHJK",
    flow="NATIVE",
    notify_url="https://shop.example/webhooks/payments/wechat_pay/QUINTET",
    channel="PC",
    expires_at=datetime(2030, 1, 31, 8, tzinfo=UTC),
    payer_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    payment_code="130061098828009406",
    client_address="203.0.113.9",
    store_code="S1",
)

ORDER = RefundOrder(
    reference="R" + "0" * 30,
    charge_reference=CHARGE.reference,
    provider_reference="4200000000000000000000000001",
    amount_minor=500,
    charged_minor=1250,
    currency="CNY",
    reason="一件商品破损" * 20,
    notify_url="https://shop.example/webhooks/payments/wechat_pay/QUINTET",
)
