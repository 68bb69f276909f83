"""Every setting of a Quintet process, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, get_type_hints

from models.accounts.roles import Role
from models.config import POOL_SIZE, connection_settings
from models.keys.signing_keys import KeyRing
from settings_checks import (
    DEVELOPMENT_KEY,
    PREFIX,
    Network,
    SettingsError,  # noqa: F401 - imported from here together with Settings
    check,
    parse,
    refuse_unknown,
    trusted_networks,
)
from settings_exposure import refuse_exposure

VERSION = "0.1.0"
# Settings that are off in production unless they are set.
OFF_IN_PRODUCTION = ("sandbox_payments", "metrics", "introspection", "suggestions", "graphiql")


def secret(default: str = "") -> Any:
    return field(default=default, repr=False)


def whole(default: int, least: int, most: int) -> Any:
    """Return a field for a whole number within bounds."""
    return field(default=default, metadata={"bounds": (least, most)})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; each field is the variable `QUINTET_` + its name in capitals (`docs/settings.md`)."""

    environment: Literal["development", "production"] = "development"
    database_url: str = field(default="sqlite://quintet.db", repr=False)
    database_pool_size: int = whole(POOL_SIZE, 1, 1000)
    database_pooler: bool = False
    database_direct_url: str = secret()
    replica_url: str = secret()
    replica_lag_seconds: int = whole(5, 1, 3600)
    kept_megabytes: int = whole(32, 0, 65_536)
    redis_url: str = secret()
    secret_key: str = secret(DEVELOPMENT_KEY)
    previous_secret_keys: str = secret()
    data_keys: str = secret()
    admin_username: str = ""
    admin_password: str = secret()
    host: str = "127.0.0.1"
    port: int = whole(8000, 1, 65_535)
    workers: int = whole(1, 1, 256)
    worker_port: int = whole(0, 0, 65_535)
    trusted_proxies: str = ""
    request_header_seconds: int = whole(10, 1, 3600)
    request_stall_seconds: int = whole(20, 1, 3600)
    keep_alive_seconds: int = whole(75, 1, 86_400)
    connection_limit: int = whole(0, 0, 1_000_000)
    connections_per_address: int = whole(250, 0, 1_000_000)
    shutdown_seconds: int = whole(10, 0, 3600)
    shutdown_delay_seconds: int = whole(0, 0, 3600)
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
    payment_accounts: str = ""
    introspection: bool = True
    suggestions: bool = True
    graphiql: bool = True
    metrics: bool = True
    metrics_token: str = secret()
    sms_outbox: str = ""
    access_token_minutes: int = whole(60, 1, 525_600)
    refresh_token_days: int = whole(30, 1, 3650)
    guest_token_days: int = whole(30, 1, 3650)
    otp_minutes: int = whole(5, 1, 1440)
    otp_resend_seconds: int = whole(60, 0, 86_400)
    otp_per_phone_per_day: int = whole(10, 1, 1000)
    otp_per_address_per_hour: int = whole(1_000, 1, 1_000_000)
    otp_challenge_after: int = whole(5, 1, 1000)
    challenge: Literal["picture", "none"] = "picture"
    guests_per_address_per_minute: int = whole(300, 1, 1_000_000)
    guests_per_address_per_hour: int = whole(10_000, 1, 10_000_000)
    sign_in_tries: int = whole(10, 1, 1000)
    sign_in_tries_per_address: int = whole(30, 1, 100_000)
    second_factor_roles: str = ""
    confirmation_minutes: int = whole(15, 1, 1440)
    invitation_hours: int = whole(72, 1, 720)
    invitation_url: str = ""
    hold_minutes: int = whole(15, 1, 10_080)
    unpaid_pieces: int = whole(1_000, 0, 1_000_000_000)
    unpaid_pieces_per_address: int = whole(10_000, 0, 1_000_000_000)
    quote_minutes: int = whole(15, 1, 10_080)
    accept_minutes: int = whole(10, 1, 10_080)
    pickup_days: int = whole(7, 1, 365)
    complete_after_store_days: int = whole(7, 0, 365)
    complete_after_express_days: int = whole(15, 0, 365)
    delivery_fee: str = "0.00"
    express_fee: str = "0.00"
    purchase_four_eyes: bool = False
    transfer_one_pair_of_eyes: bool = False
    request_limit_bytes: int = whole(4_000_000, 1, 1_000_000_000)
    request_memory_bytes: int = whole(64_000_000, 1_000_000, 100_000_000_000)
    answer_objects: int = whole(100_000, 1, 10_000_000)
    answer_bytes: int = whole(10_000_000, 1, 1_000_000_000)
    query_seconds: int = whole(10, 1, 3600)
    cost_limit_anonymous: int = whole(400_000, 0, 1_000_000_000_000)
    cost_limit_guest: int = whole(400_000, 0, 1_000_000_000_000)
    cost_limit_member: int = whole(400_000, 0, 1_000_000_000_000)
    cost_limit_staff: int = whole(1_000_000, 0, 1_000_000_000_000)
    cost_limit_api_client: int = whole(3_000_000, 0, 1_000_000_000_000)
    cost_restore_anonymous: int = whole(250_000, 0, 1_000_000_000_000)
    cost_restore_guest: int = whole(100_000, 0, 1_000_000_000_000)
    cost_restore_member: int = whole(250_000, 0, 1_000_000_000_000)
    cost_restore_staff: int = whole(500_000, 0, 1_000_000_000_000)
    cost_restore_api_client: int = whole(1_000_000, 0, 1_000_000_000_000)
    cost_burst_seconds: int = whole(10, 0, 86_400)
    outbox_days: int = whole(30, 1, 3650)
    code_days: int = whole(1, 1, 3650)
    session_days: int = whole(7, 1, 3650)
    cart_days: int = whole(90, 1, 3650)
    guest_days: int = whole(90, 1, 3650)
    idempotency_days: int = whole(30, 1, 3650)
    ticket_days: int = whole(90, 1, 3650)
    address_days: int = whole(1_095, 1, 36_500)
    contact_look_days: int = whole(400, 1, 3650)
    webhook_private_addresses: bool = False
    webhook_plain_http: bool = False
    webhook_hosts: str = ""
    webhook_seconds: int = whole(10, 1, 600)
    webhook_attempts: int = whole(16, 1, 100)
    webhook_give_up_hours: int = whole(48, 1, 8760)
    webhook_log_days: int = whole(14, 1, 3650)
    automatic_persisted_queries: bool = True
    trusted_documents: str = ""
    trusted_documents_only: bool = False
    public_cache_seconds: int = whole(60, 0, 31_536_000)
    files_folder: str = "quintet-files"
    upload_limit_bytes: int = whole(500_000_000, 1, 1_000_000_000_000)
    bulk_days: int = whole(30, 1, 3650)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @cached_property
    def keys(self) -> KeyRing:
        """The keys that sign: the current one, and previous ones that still verify."""
        return KeyRing.of(self.secret_key, self.previous_secret_keys.split())

    @cached_property
    def roles_with_second_factor(self) -> frozenset[Role]:
        """Roles whose holders must set a second factor before they can do anything."""
        return frozenset(Role(name) for name in _names(self.second_factor_roles))

    @property
    def base_url(self) -> str:
        """The URL at which customers reach this server, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def link_url(self) -> str:
        """The target of shared links and cart codes: the chain's own web page, else this server."""
        return self.storefront_url.rstrip("/") or self.base_url

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of web pages that may call this server, besides its own."""
        return tuple(_names(self.allowed_origins))

    @property
    def allows_local_pages(self) -> bool:
        """Whether pages of this machine may call the server at any port, for developers of clients."""
        return not self.is_production

    @property
    def reaches_private_addresses(self) -> bool:
        """Whether webhooks may be delivered to this machine and its network."""
        return self.webhook_private_addresses or not self.is_production

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks whose X-Forwarded-For and X-Forwarded-Proto are trusted."""
        return trusted_networks(self.trusted_proxies)

    @property
    def allowed_webhook_hosts(self) -> tuple[str, ...]:
        """The only hosts that webhooks are delivered to, each with its subdomains; empty for all."""
        hosts = self.webhook_hosts.replace(",", " ").split()
        return tuple(host.lower().strip(".") for host in hosts)

    @property
    def database_options(self) -> dict[str, Any]:
        """The options of `models.database.connect`, besides the URL."""
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
        """The database without a pooler, which does not support LISTEN."""
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
            spec.name: parse(
                variable, environment[variable], hints[spec.name], spec.metadata.get("bounds")
            )
            for variable, spec in names.items()
            if environment.get(variable, "") != ""
        }
        if given.get("environment") == "production":
            given.update({name: given.get(name, False) for name in OFF_IN_PRODUCTION})
        settings = cls(**given)
        check(settings)
        return settings


def check_exposure(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return a warning if other machines can reach a development server.

    Raises: SettingsError when QUINTET_ENVIRONMENT is not set explicitly.
    """
    return refuse_exposure(settings, is_said=bool(environment.get(f"{PREFIX}ENVIRONMENT")))


def override(**given: object) -> None:
    """Let options of the command line precede the environment, in this process and its children."""
    os.environ.update(
        {PREFIX + name.upper(): str(value) for name, value in given.items() if value is not None}
    )


def name_administrator(username: str) -> None:
    """Apply the administrator's password of the environment to the user named on the command line."""
    if os.environ.get(f"{PREFIX}ADMIN_PASSWORD"):
        override(admin_username=username)


def share_metrics(folder: str) -> None:
    """Let the server processes that this one starts share metrics in files below `folder`."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)


def _names(text: str) -> list[str]:
    """Return the words of a text, separated by commas or spaces."""
    return text.replace(",", " ").split()


# The configuration of Tortoise's command line: `tortoise -c settings.TORTOISE_ORM makemigrations`.
TORTOISE_ORM = connection_settings(os.environ.get("QUINTET_DATABASE_URL") or "sqlite://quintet.db")
