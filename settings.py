"""Every setting of a Quintet process, read once from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints
from zoneinfo import ZoneInfo

from models.config import POOL_SIZE, connection_settings

VERSION = "0.1.0"
PREFIX = "QUINTET_"
DEVELOPMENT_KEY = "development-only: never sign anything real with this"

# As browsers write it: in lower case, without a path or the default port.
ORIGIN = re.compile(r"\*|(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://[^\s/?#@*A-Z]+")

HOST = re.compile(r"[a-z0-9_.:-]+")


class SettingsError(ValueError):
    """A setting makes no sense; the message is a sentence for the person who starts the server."""


def secret(default: str = "") -> Any:
    return field(default=default, repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; each field is the variable `QUINTET_` + its name in capitals (`docs/settings.md`)."""

    environment: Literal["development", "production"] = "development"
    database_url: str = field(default="sqlite://quintet.db", repr=False)
    database_pool_size: int = POOL_SIZE
    database_pooler: bool = False
    database_direct_url: str = secret()
    replica_url: str = secret()
    replica_lag_seconds: int = 5
    kept_megabytes: int = 32
    redis_url: str = secret()
    secret_key: str = secret(DEVELOPMENT_KEY)
    admin_username: str = ""
    admin_password: str = secret()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    public_url: str = ""
    storefront_url: str = ""
    allowed_origins: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    otlp_endpoint: str = secret()
    default_language: Literal["en", "zh"] = "en"
    timezone: str = "Asia/Shanghai"
    embedded_worker: bool = True
    sandbox_payments: bool = True
    sms_outbox: str = ""
    access_token_minutes: int = 60
    refresh_token_days: int = 30
    guest_token_days: int = 30
    otp_minutes: int = 5
    otp_resend_seconds: int = 60
    otp_per_phone_per_day: int = 10
    otp_per_address_per_hour: int = 1_000
    sign_in_failures_per_quarter_hour: int = 10
    hold_minutes: int = 15
    quote_minutes: int = 15
    accept_minutes: int = 10
    pickup_days: int = 7
    complete_after_store_days: int = 7
    complete_after_express_days: int = 15
    delivery_fee: str = "0.00"
    express_fee: str = "0.00"
    purchase_four_eyes: bool = False
    request_limit_bytes: int = 4_000_000
    outbox_days: int = 30
    webhook_private_addresses: bool = False
    webhook_plain_http: bool = False
    webhook_hosts: str = ""
    webhook_seconds: int = 10
    webhook_attempts: int = 16
    webhook_give_up_hours: int = 48
    webhook_log_days: int = 14
    automatic_persisted_queries: bool = True
    trusted_documents: str = ""
    trusted_documents_only: bool = False
    public_cache_seconds: int = 60
    files_folder: str = "quintet-files"
    upload_limit_bytes: int = 500_000_000
    bulk_days: int = 30

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def base_url(self) -> str:
        """The address that customers reach this server at, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def link_url(self) -> str:
        """Where shared links and cart codes lead: the chain's own web page, else this server's."""
        return self.storefront_url.rstrip("/") or self.base_url

    @property
    def origins(self) -> tuple[str, ...]:
        """Of pages that browsers may ask from, beside the server's own."""
        return tuple(self.allowed_origins.replace(",", " ").split())

    @property
    def allowed_webhook_hosts(self) -> tuple[str, ...]:
        """The only hosts that webhooks are delivered to, each with all below it; empty for every one."""
        hosts = self.webhook_hosts.replace(",", " ").split()
        return tuple(host.lower().strip(".") for host in hosts)

    @property
    def database_options(self) -> dict[str, Any]:
        """How `models.database.connect` opens the database, beside its URL."""
        return {
            "pool_size": self.database_pool_size,
            "pooler": self.database_pooler,
            "replica_url": self.replica_url,
            "replica_lag_seconds": self.replica_lag_seconds,
            "kept_megabytes": self.kept_megabytes,
        }

    @property
    def listening_url(self) -> str:
        """The database past any pooler, which would lose what LISTEN asks for."""
        return self.database_direct_url or self.database_url

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check every setting.

        Raises: SettingsError naming the variable and what is wrong with it.
        """
        hints = get_type_hints(cls)
        names = {PREFIX + spec.name.upper(): spec for spec in fields(cls)}
        given = {
            spec.name: _parse(variable, environment[variable], hints[spec.name])
            for variable, spec in names.items()
            if environment.get(variable, "") != ""
        }
        if given.get("environment") == "production":
            given.setdefault("sandbox_payments", False)
        settings = cls(**given)
        _check(settings)
        return settings


def override(**given: object) -> None:
    """Put what the command line gave before the environment, for this process and those it starts."""
    os.environ.update(
        {PREFIX + name.upper(): str(value) for name, value in given.items() if value is not None}
    )


def share_metrics(folder: str) -> None:
    """Let the server processes that this one starts count together, in files below `folder`."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)


def _parse(variable: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise SettingsError(f"{variable} must be true or false, not {text!r}.")
    if kind is int:
        if not text.isdecimal():
            raise SettingsError(f"{variable} must be a whole number of 0 or more, not {text!r}.")
        return int(text)
    if (choices := get_args(kind)) and text not in choices:
        raise SettingsError(f"{variable} must be one of {', '.join(choices)}, not {text!r}.")
    return text


def _check(settings: Settings) -> None:
    _check_database(settings)
    _check_pooler(settings)
    if not 1 <= settings.port <= 65535:
        raise SettingsError(f"QUINTET_PORT must lie between 1 and 65535, not {settings.port}.")
    if settings.workers < 1 or settings.database_pool_size < 1:
        raise SettingsError("QUINTET_WORKERS and QUINTET_DATABASE_POOL_SIZE must be at least 1.")
    if bool(settings.admin_username) != bool(settings.admin_password):
        raise SettingsError(
            "QUINTET_ADMIN_USERNAME and QUINTET_ADMIN_PASSWORD go together: set both or none."
        )
    if settings.redis_url and not settings.redis_url.startswith(
        ("redis://", "rediss://", "unix://")
    ):
        raise SettingsError("QUINTET_REDIS_URL must start with redis://, rediss:// or unix://.")
    for name in ("public_url", "storefront_url", "otlp_endpoint"):
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
    for name in ("outbox_days", "webhook_seconds", "webhook_attempts", "webhook_log_days"):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{PREFIX}{name.upper()} must be at least 1.")
    if settings.trusted_documents_only and not settings.trusted_documents:
        raise SettingsError(
            "QUINTET_TRUSTED_DOCUMENTS_ONLY needs QUINTET_TRUSTED_DOCUMENTS: nothing would be answered."
        )
    if len(settings.secret_key) < 32:
        raise SettingsError("QUINTET_SECRET_KEY must have at least 32 characters.")
    _check_timezone(settings.timezone)
    _check_fees(settings)
    if settings.is_production:
        _check_production(settings)


def _check_database(settings: Settings) -> None:
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


def _check_pooler(settings: Settings) -> None:
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


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except Exception as error:
        raise SettingsError(f"QUINTET_TIMEZONE names no time zone: {name!r}.") from error


def _check_fees(settings: Settings) -> None:
    from models.money import CurrencyCode, InvalidAmount, parse_amount

    for name in ("delivery_fee", "express_fee"):
        try:
            fee = parse_amount(getattr(settings, name), CurrencyCode.CNY)
        except InvalidAmount:
            fee = -1
        if fee < 0:
            raise SettingsError(f"{PREFIX}{name.upper()} must be an amount such as 8.00.")


def _check_production(settings: Settings) -> None:
    if settings.secret_key == DEVELOPMENT_KEY:
        raise SettingsError("QUINTET_SECRET_KEY must be set in production.")
    if settings.sandbox_payments:
        raise SettingsError(
            "QUINTET_SANDBOX_PAYMENTS must be off in production: it sells for no money."
        )


# What Tortoise's own command line reads: `tortoise -c settings.TORTOISE_ORM makemigrations`.
TORTOISE_ORM = connection_settings(os.environ.get("QUINTET_DATABASE_URL") or "sqlite://quintet.db")
