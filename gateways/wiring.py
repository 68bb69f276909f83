"""The gateways that the settings configure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateways import Gateways, PaymentGateway
from gateways.bus import make_bus
from gateways.challenges import PictureChallenges
from gateways.cost_buckets import make_cost_buckets
from gateways.persisted_queries import make_persisted_queries
from gateways.rate_limits import make_rate_limits
from gateways.redis_link import RedisLink
from gateways.sandbox import SandboxPayments
from gateways.sandbox_ledger import SandboxLedger
from gateways.sms import LoggingSms
from gateways.telemetry.tracing import ProcessTraces
from gateways.webhooks import HttpWebhooks
from settings import Settings


def make_gateways(settings: Settings) -> Gateways:
    """Return the gateways of these settings. Raises: SettingsError for an account that cannot be opened."""
    link = RedisLink(settings.redis_url) if settings.redis_url else None
    rate_limits = make_rate_limits(link, settings.keys.derived("rate limits"))
    gateways = Gateways(
        sms=LoggingSms(
            settings.sms_outbox,
            log_codes=not settings.is_production,
            refuses=settings.is_production,
        ),
        bus=make_bus(settings.listening_url, settings.redis_url),
        rate_limits=rate_limits,
        challenges=PictureChallenges(settings.keys, rate_limits)
        if settings.challenge == "picture"
        else None,
        webhooks=HttpWebhooks(
            private_addresses=settings.reaches_private_addresses,
            plain_http=settings.webhook_plain_http or not settings.is_production,
            seconds=settings.webhook_seconds,
            hosts=settings.allowed_webhook_hosts,
        ),
        persisted_queries=make_persisted_queries(link, settings.keys.derived("persisted queries")),
        cost_buckets=make_cost_buckets(link),
        traces=ProcessTraces(),
        payments=_payment_providers(settings),
    )
    return _with_accounts(gateways, settings) if settings.payment_accounts else gateways


def _with_accounts(gateways: Gateways, settings: Settings) -> Gateways:
    """Add the accounts of merchants. Raises: SettingsError."""
    from gateways.http import ProviderHttp
    from gateways.payment_accounts.accounts import open_accounts

    accounts = open_accounts(settings.payment_accounts, ProviderHttp())
    return replace(
        gateways,
        merchant_payments=accounts.payments,
        shipping=accounts.shipping,
        provider_http=accounts.http,
    )


def _payment_providers(settings: Settings) -> dict[str, PaymentGateway]:
    if not settings.sandbox_payments:
        return {}
    ledger = SandboxLedger(Path(settings.files_folder) / "sandbox-payments.jsonl")
    return {"SANDBOX": SandboxPayments(settings.base_url, settings.keys, ledger)}
