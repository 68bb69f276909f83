"""What a server shows to others, and what it lacks to serve them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from settings_checks import DEVELOPMENT_KEY, SettingsError

if TYPE_CHECKING:
    from gateways import Gateways
    from settings import Settings


def is_loopback(host: str) -> bool:
    """Whether an address or name to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_exposure(settings: Settings, *, is_said: bool) -> str | None:
    """Return what to warn of, for a development server that others can reach.

    `is_said`: QUINTET_ENVIRONMENT is set. Raises: SettingsError when it is not.
    """
    if settings.is_production:
        return None
    if not is_loopback(settings.host):
        reached = f"at {settings.host}"
    elif settings.public_url and not is_loopback(urlsplit(settings.public_url).hostname or ""):
        reached = f"at {settings.public_url}"
    else:
        return None
    dangers = []
    if settings.secret_key == DEVELOPMENT_KEY:
        dangers.append("the key that signs its tokens is public")
    if settings.sandbox_payments:
        dangers.append("the sandbox sells for no money")
    exposed = " and ".join(dangers) or "it shows what only developers need"
    if is_said:
        return f"This is a development server that others can reach {reached}: {exposed}."
    raise SettingsError(
        f"QUINTET_ENVIRONMENT is not set, and others could reach this server {reached}: {exposed}."
        " Set QUINTET_ENVIRONMENT=production (with QUINTET_SECRET_KEY and QUINTET_DATA_KEYS), or"
        " QUINTET_ENVIRONMENT=development to serve it all the same, or QUINTET_HOST=127.0.0.1."
    )


def production_warnings(settings: Settings, gateways: Gateways) -> list[str]:
    """What a production server will refuse to do, for want of a provider."""
    if not settings.is_production:
        return []
    warnings = []
    if not gateways.payments:
        warnings.append("no payment provider is configured: paymentStart refuses.")
    if not gateways.sms.delivers and not settings.sms_outbox:
        warnings.append("no text message provider is configured: otpRequest refuses.")
    if settings.metrics and not settings.metrics_token:
        warnings.append("/metrics is open to everybody: set QUINTET_METRICS_TOKEN.")
    return warnings
