"""Checks of settings, each with a sentence for the operator."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from settings import Settings

PREFIX = "QUINTET_"
DEVELOPMENT_KEY = "development-only: never sign anything real with this"
ADMIN_PASSWORD_LENGTH = 8
MOST_DIGITS = 40

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Variables of the tests, and those that Kubernetes sets for a service named quintet.
FOREIGN = re.compile(rf"{PREFIX}(TEST_\w+|SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_\w+)")


# In the browsers' notation: in lower case, without a path or the default port.
ORIGIN = re.compile(r"\*|(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://[^\s/?#@*A-Z]+")

HOST = re.compile(r"[a-z0-9_.:-]+")


class SettingsError(ValueError):
    """A setting is invalid; the message is a sentence for the operator."""


def refuse_unknown(environment: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse variables with the prefix that are not settings, so that a typo does not become a default.

    Raises: SettingsError.
    """
    for variable in sorted(environment):
        if not variable.upper().startswith(PREFIX) or not environment[variable]:
            continue
        if variable in known or FOREIGN.fullmatch(variable):
            continue
        names = [name.removeprefix(PREFIX) for name in known]
        near = get_close_matches(variable.upper().removeprefix(PREFIX), names, n=1, cutoff=0.6)
        hint = " See docs/settings.md for those there are."
        if near:
            hint = f" Did you mean {PREFIX}{near[0]}?"
        raise SettingsError(f"{variable} is not a setting.{hint}")


def trusted_networks(text: str) -> tuple[Network, ...]:
    """Parse the networks of trusted proxies. Raises: SettingsError."""
    networks: list[Network] = []
    for each in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(each)
        except ValueError as error:
            raise SettingsError(
                "QUINTET_TRUSTED_PROXIES must be addresses or networks such as 127.0.0.1 or"
                f" 10.0.0.0/8, not {each!r}: {error}."
            ) from error
        if network.prefixlen == 0:
            raise SettingsError(
                f"QUINTET_TRUSTED_PROXIES must name proxies: {each} would believe everybody."
            )
        networks.append(network)
    return tuple(networks)


def check_numbers(settings: Settings) -> None:
    """Check that each whole number is within its field's bounds. Raises: SettingsError."""
    for spec in fields(settings):
        if "bounds" in spec.metadata:
            (least, most), value = spec.metadata["bounds"], getattr(settings, spec.name)
            if not least <= value <= most:
                raise SettingsError(
                    f"{PREFIX}{spec.name.upper()} must be a whole number from {least} to {most}, not {value}."
                )


def check_serving(settings: Settings) -> None:
    trusted_networks(settings.trusted_proxies)
    if settings.metrics_token and len(settings.metrics_token) < 16:
        raise SettingsError("QUINTET_METRICS_TOKEN must have at least 16 characters.")


def check_admin_password(settings: Settings) -> None:
    """Apply the password rules in production, and a minimum length in development."""
    from models.accounts.password_rules import check_password
    from models.errors import InvalidInput

    if not settings.admin_password:
        return
    if settings.is_production:
        try:
            check_password(settings.admin_password, settings.admin_username)
        except InvalidInput as error:
            raise SettingsError(f"QUINTET_ADMIN_PASSWORD: {error}") from None
    elif len(settings.admin_password) < ADMIN_PASSWORD_LENGTH:
        raise SettingsError(
            f"QUINTET_ADMIN_PASSWORD must have at least {ADMIN_PASSWORD_LENGTH} characters."
        )


def check_signing_keys(settings: Settings) -> None:
    if len(settings.secret_key) < 32:
        raise SettingsError("QUINTET_SECRET_KEY must have at least 32 characters.")
    if any(len(each) < 32 for each in settings.previous_secret_keys.split()):
        raise SettingsError(
            "QUINTET_PREVIOUS_SECRET_KEYS must be keys of at least 32 characters, with spaces between them."
        )


def check_sign_in(settings: Settings) -> None:
    from models.accounts.roles import Role

    roles = settings.second_factor_roles.replace(",", " ").split()
    if unknown := set(roles) - set(Role):
        raise SettingsError(
            f"QUINTET_SECOND_FACTOR_ROLES must be names of roles such as ADMIN, not {min(unknown)!r}."
        )


def check_data_keys(settings: Settings) -> None:
    from models.keys.encryption import DEVELOPMENT_KEYS, InvalidKeys, KeyRing

    try:
        ring = KeyRing.parse(settings.data_keys or DEVELOPMENT_KEYS)
    except InvalidKeys as error:
        raise SettingsError(f"QUINTET_DATA_KEYS: {error}") from error
    if not settings.is_production:
        return
    if not settings.data_keys:
        raise SettingsError(
            "QUINTET_DATA_KEYS must be set in production, to KID:BASE64 of 32 random bytes"
            " (openssl rand -base64 32)."
        )
    known = KeyRing.parse(DEVELOPMENT_KEYS).first.secret
    if public := next((key for key in ring.keys if key.secret == known), None):
        raise SettingsError(
            f"QUINTET_DATA_KEYS lists the public key of development ({public.kid}), which production does"
            " not take: with a key of your own in front of it, run python cli.py rotate-keys with"
            " QUINTET_ENVIRONMENT=development, then take it out (docs/operations.md, «From development to"
            " production»)."
        )


def check_database(settings: Settings) -> None:
    url = settings.database_url
    if not url.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise SettingsError("QUINTET_DATABASE_URL must start with sqlite:// or postgres://.")
    if url.startswith("sqlite://"):
        if ":memory:" in url or url == "sqlite://":
            raise SettingsError(
                "QUINTET_DATABASE_URL must name a file: SQLite in memory is not supported."
            )
        if settings.workers > 1:
            raise SettingsError(
                "QUINTET_WORKERS above 1 needs PostgreSQL: SQLite serves one process."
            )


def check_pooler(settings: Settings) -> None:
    if settings.replica_url and not _both_postgres(settings.database_url, settings.replica_url):
        raise SettingsError("QUINTET_REPLICA_URL must start with postgres://, as the database's.")
    if not settings.database_pooler:
        return
    if settings.database_url.startswith("sqlite://"):
        raise SettingsError("QUINTET_DATABASE_POOLER is for PostgreSQL.")
    if not settings.redis_url and not settings.database_direct_url:
        raise SettingsError(
            "QUINTET_DATABASE_POOLER needs QUINTET_REDIS_URL or QUINTET_DATABASE_DIRECT_URL:"
            " live events cannot be heard through a pooler."
        )


def _both_postgres(*urls: str) -> bool:
    return all(url.startswith(("postgres://", "postgresql://")) for url in urls)


def check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except Exception as error:
        raise SettingsError(f"QUINTET_TIMEZONE names no time zone: {name!r}.") from error


def check_fees(settings: Settings) -> None:
    from models.money import CurrencyCode, InvalidAmount, parse_amount

    for name in ("delivery_fee", "express_fee"):
        try:
            fee = parse_amount(getattr(settings, name), CurrencyCode.CNY)
        except InvalidAmount:
            fee = -1
        if fee < 0:
            raise SettingsError(f"{PREFIX}{name.upper()} must be an amount such as 8.00.")


def check_production(settings: Settings) -> None:
    if settings.secret_key == DEVELOPMENT_KEY:
        also = "" if settings.data_keys else " QUINTET_DATA_KEYS must be set, too."
        raise SettingsError(f"QUINTET_SECRET_KEY must be set in production.{also}")
    if settings.sandbox_payments:
        raise SettingsError(
            "QUINTET_SANDBOX_PAYMENTS must be off in production: it sells for no money."
        )


def parse(variable: str, text: str, kind: Any, bounds: tuple[int, int] | None = None) -> Any:
    """Parse a variable as its field's type. Raises: SettingsError."""
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise SettingsError(f"{variable} must be true or false, not {text!r}.")
    if kind is int:
        if not text.isdecimal() or len(text) > MOST_DIGITS:
            within = f" from {bounds[0]} to {bounds[1]}" if bounds else ""
            shown = text[:MOST_DIGITS]
            raise SettingsError(f"{variable} must be a whole number{within}, not {shown!r}.")
        return int(text)
    if (choices := get_args(kind)) and text not in choices:
        raise SettingsError(f"{variable} must be one of {', '.join(choices)}, not {text!r}.")
    return text


def check(settings: Settings) -> None:
    """Check all settings. Raises: SettingsError naming the variable and what is wrong with it."""
    check_database(settings)
    check_pooler(settings)
    _check_values(settings)
    _check_addresses(settings)
    check_timezone(settings.timezone)
    check_fees(settings)
    check_admin_password(settings)
    check_serving(settings)
    check_signing_keys(settings)
    check_sign_in(settings)
    if settings.is_production:
        check_production(settings)
    check_data_keys(settings)


def _check_values(settings: Settings) -> None:
    check_numbers(settings)
    if bool(settings.admin_username) != bool(settings.admin_password):
        raise SettingsError(
            "QUINTET_ADMIN_USERNAME and QUINTET_ADMIN_PASSWORD go together: set both or none."
        )
    if settings.trusted_documents_only and not settings.trusted_documents:
        raise SettingsError(
            "QUINTET_TRUSTED_DOCUMENTS_ONLY needs QUINTET_TRUSTED_DOCUMENTS: nothing would be answered."
        )


def _check_addresses(settings: Settings) -> None:
    if settings.redis_url and not settings.redis_url.startswith(
        ("redis://", "rediss://", "unix://")
    ):
        raise SettingsError("QUINTET_REDIS_URL must start with redis://, rediss:// or unix://.")
    for name in ("public_url", "storefront_url", "invitation_url", "otlp_endpoint"):
        url = getattr(settings, name)
        if url and not url.startswith(("http://", "https://")):
            raise SettingsError(f"{PREFIX}{name.upper()} must start with http:// or https://.")
    if wrong := [each for each in settings.origins if not ORIGIN.fullmatch(each)]:
        raise SettingsError(
            f"QUINTET_ALLOWED_ORIGINS must be * or origins such as https://shop.example, not {wrong[0]!r}."
        )
    if wrong := [each for each in settings.allowed_webhook_hosts if not HOST.fullmatch(each)]:
        raise SettingsError(
            f"QUINTET_WEBHOOK_HOSTS must be hosts such as erp.example, not {wrong[0]!r}."
        )
