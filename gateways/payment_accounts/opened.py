"""The accounts of a file, opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateways.http import ProviderHttp
from gateways.payments import PaymentGateway
from gateways.wechat_pay.shipping import ShippingGateway


@dataclass(frozen=True, slots=True)
class OpenedAccounts:
    """`payments` by merchant code and provider, `shipping` by merchant code; all call through `http`."""

    http: ProviderHttp
    payments: dict[tuple[str, str], PaymentGateway] = field(default_factory=dict)
    shipping: dict[str, ShippingGateway] = field(default_factory=dict)
