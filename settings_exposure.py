"""Warnings of settings that expose a development server or that a production server lacks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from settings_checks import DEVELOPMENT_KEY, SettingsError

if TYPE_CHECKING:
    from gateways import Gateways
    from settings import Settings


def is_loopback(host: str) -> bool:
    """Return whether a host to listen on is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_exposure(settings: Settings, *, is_said: bool) -> str | None:
    """Return a warning for a development server that other machines can reach.

    `is_said`: QUINTET_ENVIRONMENT is set. Raises: SettingsError when it is not.
    """
    exposed = exposure(settings)
    if exposed is None:
        return None
    if is_said:
        return f"This is a development server that others can reach {exposed}."
    raise SettingsError(
        f"QUINTET_ENVIRONMENT is not set, and others could reach this server {exposed}."
        " Set QUINTET_ENVIRONMENT=production (with QUINTET_SECRET_KEY and QUINTET_DATA_KEYS), or"
        " QUINTET_ENVIRONMENT=development to serve it all the same, or QUINTET_HOST=127.0.0.1."
    )


def exposure(settings: Settings) -> str | None:
    """Return where other machines reach a development server and the danger of it; None if they cannot."""
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
    return f"{reached}: {' and '.join(dangers) or 'it shows what only developers need'}"


def text_message_warning(settings: Settings) -> str | None:
    """Return why customers of a production server receive no codes by text message, or None."""
    if not settings.is_production:
        return None
    if not settings.sms_outbox:
        return "no text message provider is configured: otpRequest refuses."
    return "text messages go to QUINTET_SMS_OUTBOX alone: something must send them on from there."


def challenge_warning(settings: Settings, gateways: Gateways) -> str | None:
    """Return why a production server does little to slow down requests for codes, or None."""
    if not settings.is_production:
        return None
    if gateways.challenges is None:
        return "strangers solve no challenge before they ask for codes: QUINTET_CHALLENGE is none."
    if getattr(gateways.challenges, "is_weak", False):
        return "the built-in picture challenge is weak: it stops simple scripts only."
    return None


def production_warnings(settings: Settings, gateways: Gateways) -> list[str]:
    """Return the features that a production server refuses or leaves unprotected for lack of settings."""
    if not settings.is_production:
        return []
    warnings = []
    if not (gateways.payments or gateways.merchant_payments):
        warnings.append("no payment provider is configured: paymentStart refuses.")
    if not gateways.sms.delivers and (warning := text_message_warning(settings)):
        warnings.append(warning)
    if warning := challenge_warning(settings, gateways):
        warnings.append(warning)
    if settings.metrics and not settings.metrics_token:
        warnings.append("/metrics is open to everybody: set QUINTET_METRICS_TOKEN.")
    return warnings
