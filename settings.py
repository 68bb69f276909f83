"""Every setting of a Quintet process, read once from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, get_args, get_type_hints

from models.accounts.roles import Role
from models.config import POOL_SIZE, connection_settings
from models.signing_keys import KeyRing
from settings_checks import (
    DEVELOPMENT_KEY,
    PREFIX,
    Network,
    SettingsError,
    check_admin_password,
    check_data_keys,
    check_database,
    check_fees,
    check_pooler,
    check_production,
    check_serving,
    check_sign_in,
    check_signing_keys,
    check_timezone,
    refuse_exposure,
    refuse_unknown,
    trusted_networks,
)

VERSION = "0.1.0"
# What production leaves off unless it is asked for by name.
OFF_IN_PRODUCTION = ("sandbox_payments", "metrics", "introspection", "suggestions", "graphiql")

AT_LEAST_ONE = (
    *("outbox_days", "webhook_seconds", "webhook_attempts", "webhook_log_days", "code_days"),
    *("session_days", "cart_days", "guest_days", "idempotency_days", "ticket_days", "address_days"),
)

# As browsers write it: in lower case, without a path or the default port.
ORIGIN = re.compile(r"\*|(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://[^\s/?#@*A-Z]+")

HOST = re.compile(r"[a-z0-9_.:-]+")


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
    previous_secret_keys: str = secret()
    data_keys: str = secret()
    admin_username: str = ""
    admin_password: str = secret()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    worker_port: int = 0
    trusted_proxies: str = ""
    request_header_seconds: int = 10
    request_stall_seconds: int = 20
    keep_alive_seconds: int = 75
    connection_limit: int = 0
    connections_per_address: int = 250
    shutdown_seconds: int = 10
    shutdown_delay_seconds: int = 0
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
    introspection: bool = True
    suggestions: bool = True
    graphiql: bool = True
    metrics: bool = True
    metrics_token: str = secret()
    sms_outbox: str = ""
    access_token_minutes: int = 60
    refresh_token_days: int = 30
    guest_token_days: int = 30
    otp_minutes: int = 5
    otp_resend_seconds: int = 60
    otp_per_phone_per_day: int = 10
    otp_per_address_per_hour: int = 1_000
    otp_challenge_after: int = 5
    challenge: Literal["picture", "none"] = "picture"
    sign_in_tries: int = 10
    sign_in_tries_per_address: int = 30
    second_factor_roles: str = ""
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
    cost_limit_anonymous: int = 300_000
    cost_limit_guest: int = 300_000
    cost_limit_member: int = 300_000
    cost_limit_staff: int = 1_000_000
    cost_limit_api_client: int = 3_000_000
    cost_restore_anonymous: int = 250_000
    cost_restore_guest: int = 250_000
    cost_restore_member: int = 250_000
    cost_restore_staff: int = 500_000
    cost_restore_api_client: int = 1_000_000
    cost_burst_seconds: int = 10
    outbox_days: int = 30
    code_days: int = 1
    session_days: int = 7
    cart_days: int = 90
    guest_days: int = 90
    idempotency_days: int = 30
    ticket_days: int = 90
    address_days: int = 1_095
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

    @cached_property
    def keys(self) -> KeyRing:
        """The keys that sign: the current one, and those that still verify."""
        return KeyRing.of(self.secret_key, self.previous_secret_keys.split())

    @cached_property
    def roles_with_second_factor(self) -> frozenset[Role]:
        """Who holds one of these can do nothing before they have set a second factor."""
        return frozenset(Role(name) for name in _names(self.second_factor_roles))

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
        return tuple(_names(self.allowed_origins))

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
        return trusted_networks(self.trusted_proxies)

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
            "data_keys": self.data_keys,
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
        refuse_unknown(environment, names)
        given = {
            spec.name: _parse(variable, environment[variable], hints[spec.name])
            for variable, spec in names.items()
            if environment.get(variable, "") != ""
        }
        if given.get("environment") == "production":
            given.update({name: given.get(name, False) for name in OFF_IN_PRODUCTION})
        settings = cls(**given)
        _check(settings)
        return settings


def check_exposure(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return what to warn of when a server of development can be reached from other machines.

    Raises: SettingsError when nobody has said that it is one.
    """
    return refuse_exposure(settings, is_said=bool(environment.get(f"{PREFIX}ENVIRONMENT")))


def override(**given: object) -> None:
    """Put what the command line gave before the environment, for this process and those it starts."""
    os.environ.update(
        {PREFIX + name.upper(): str(value) for name, value in given.items() if value is not None}
    )


def share_metrics(folder: str) -> None:
    """Let the server processes that this one starts count together, in files below `folder`."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)


def _names(text: str) -> list[str]:
    """Words with commas or spaces between them."""
    return text.replace(",", " ").split()


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
    check_database(settings)
    check_pooler(settings)
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
    for name in AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            raise SettingsError(f"{PREFIX}{name.upper()} must be at least 1.")
    if settings.trusted_documents_only and not settings.trusted_documents:
        raise SettingsError(
            "QUINTET_TRUSTED_DOCUMENTS_ONLY needs QUINTET_TRUSTED_DOCUMENTS: nothing would be answered."
        )
    check_timezone(settings.timezone)
    check_fees(settings)
    check_admin_password(settings)
    check_serving(settings)
    check_signing_keys(settings)
    check_sign_in(settings)
    if settings.is_production:
        check_production(settings)
    check_data_keys(settings)


# What Tortoise's own command line reads: `tortoise -c settings.TORTOISE_ORM makemigrations`.
TORTOISE_ORM = connection_settings(os.environ.get("QUINTET_DATABASE_URL") or "sqlite://quintet.db")
