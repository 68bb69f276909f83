"""The configuration of Tortoise: table modules, migrations, connections and the read router."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from models.engine.scope import in_transaction_now
from models.read_consistency import move_on

TABLES = [
    "models.outbox",
    "models.idempotency",
    "models.jobs",
    "models.accounts.organisations",
    "models.accounts.staff",
    "models.accounts.origins",
    "models.accounts.clients",
    "models.accounts.sessions",
    "models.catalog.products",
    "models.catalog.classification",
    "models.catalog.prices",
    "models.catalog.assortments",
    "models.stores.locations",
    "models.stock.levels",
    "models.stock.ledger",
    "models.stock.holds",
    "models.stock.backorders",
    "models.stock.documents.documents",
    "models.stock.safety",
    "models.stock.checkpoints",
    "models.stock.documents.transfers",
    "models.stock.documents.purchases",
    "models.stock.costs",
    "models.stock.documents.stocktakes",
    "models.stock.serials",
    "models.members.members",
    "models.members.phones",
    "models.members.cards",
    "models.referrals.bindings",
    "models.referrals.share_links",
    "models.referrals.commissions",
    "models.orders.carts",
    "models.orders.orders",
    "models.orders.contact_looks",
    "models.orders.fulfilments",
    "models.orders.payments",
    "models.integrations.webhooks",
    "models.integrations.bulk",
]


POOL_SIZE = 20  # connections of one process on PostgreSQL
CONNECT_SECONDS = 5.0


class ReadFromReader:
    """Tortoise's router: reads outside a transaction use the reading connection."""

    def db_for_read(self, model: type) -> str:
        move_on()
        return "default" if in_transaction_now() else "reader"

    def db_for_write(self, model: type) -> str:
        move_on()
        return "default"


def connection_settings(
    database_url: str, pool_size: int = POOL_SIZE, *, pooler: bool = False
) -> dict[str, Any]:
    """Return Tortoise's configuration for a `sqlite://` or `postgres://` URL.

    `pooler`: a pooler such as PgBouncer assigns each transaction to any of its connections.
    """
    connections = (
        _sqlite(database_url)
        if database_url.startswith("sqlite://")
        else _postgres(database_url, pool_size, pooler)
    )
    return {
        "connections": connections,
        "apps": {
            "models": {
                "models": TABLES,
                "default_connection": "default",
                "migrations": "migrations",
            }
        },
        "routers": [ReadFromReader],
        "use_tz": True,
        "timezone": "UTC",
    }


def sqlite_path(database_url: str) -> str:
    """Return the file path of a URL: `sqlite:///a/b.db` is absolute, `sqlite://b.db` is relative.

    Four slashes count as three.
    """
    path = database_url.removeprefix("sqlite://").split("?")[0]
    return "/" + path.lstrip("/") if path.startswith("/") else path


def _sqlite(database_url: str) -> dict[str, Any]:
    engine = "models.engine.sqlite.engine"
    shared = {"file_path": sqlite_path(database_url), "busy_timeout": 10_000}
    writer = {**shared, "synchronous": "FULL"}
    reader = {**shared, "query_only": "ON"}
    return {
        "default": {"engine": engine, "credentials": writer},
        "reader": {"engine": engine, "credentials": reader},
    }


def _postgres(database_url: str, pool_size: int, pooler: bool) -> dict[str, Any]:
    """Return the two connections; half of the pool is for transactions, half for reading.

    Neither half waits for the other.
    """
    url = urlsplit(database_url)
    credentials = {
        "host": url.hostname or "127.0.0.1",
        "port": url.port or 5432,
        "user": unquote(url.username or "postgres"),
        "password": unquote(url.password) if url.password else None,
        "database": url.path.lstrip("/") or "postgres",
        "minsize": 1,
        "timeout": CONNECT_SECONDS,
        "reset": _no_reset,
        **dict(parse_qsl(url.query)),
    }
    credentials |= _session(pooler)
    return {
        name: {
            "engine": "models.engine.postgres.engine",
            "credentials": {**credentials, "maxsize": max(1, size)},
        }
        for name, size in (("default", pool_size // 2), ("reader", pool_size - pool_size // 2))
    }


def replica_options(pool_size: int, *, pooler: bool) -> dict[str, Any]:
    """Return asyncpg's options for a replica's pool, which has the size of the primary's reading half."""
    return {
        "max_size": max(1, pool_size - pool_size // 2),
        "reset": _no_reset,
        **_session(pooler),
    }


def _session(pooler: bool) -> dict[str, Any]:
    """Return the options of a session.

    Behind a pooler prepared statements are off, because the next connection does not know them. Otherwise
    the JIT is off: compiling an audit of 500 levels takes 130 ms and saves none of its 20.
    """
    return {"statement_cache_size": 0} if pooler else {"server_settings": {"jit": "off"}}


async def _no_reset(connection: object) -> None:
    """Skip asyncpg's reset on release: these connections carry no session state worth a round trip."""
