"""Health, metrics, connection limits and background work of server and worker processes."""

from __future__ import annotations

import asyncio
import hmac
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateways import Gateways, RateLimits
from gateways.bus import RemoteBus
from gateways.redis_client import answers
from gateways.telemetry.metrics import metrics_endpoint
from gateways.telemetry.webhook_metrics import webhook_metrics
from models import database
from models.config import sqlite_path
from models.database_faults import FaultKind, fault_of
from models.opening import FOREIGN_KEYS, DatabaseUnfit, check_keys
from models.outages import database_faults
from resolvers.background import worker
from resolvers.context import SYSTEM, Context
from resolvers.health.checks import READY
from resolvers.health.checks import Check as FindingCheck
from resolvers.health.findings import Level
from resolvers.integrations.webhooks.counts import webhook_counts
from schema.integrations.bulk_rows import draft_of
from schema.messages import translate
from serving.body_room import BodyRoom
from serving.connection_limits import ConnectionLimits
from serving.health import OK, Check, Health
from serving.listening import raise_descriptor_limit
from serving.proxies import TrustedProxies
from serving.running import Timing
from serving.stopping import Stopping
from settings import Settings

QUIET_PATHS = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
# With less free space the next purchase may fail.
SPARE_BYTES = 50_000_000
log = structlog.get_logger(__name__)


def process_routes(settings: Settings, health: Health) -> list[BaseRoute]:
    """Return the routes of health, and of metrics if they are enabled."""
    routes: list[BaseRoute] = [
        Route("/health", health.live),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
    ]
    if settings.metrics:
        routes.append(Route("/metrics", _metrics(settings.metrics_token)))
    return routes


def health_of(settings: Settings, gateways: Gateways, stopping: Stopping) -> Health:
    useful: dict[str, Check] = {"storage": _storage(settings)}
    if settings.redis_url:
        useful["redis"] = _redis(settings.redis_url, gateways.rate_limits)
    bus = gateways.bus
    if isinstance(bus, RemoteBus):
        useful["live events"] = _live_events(bus)
    ctx = Context(settings=settings, gateways=gateways, actor=SYSTEM)
    useful |= {name: _finding_of(ctx, check) for name, check in READY}
    return Health({"database": _database, "data keys": _data_keys}, useful, stopping)


def connection_limits(settings: Settings, proxies: TrustedProxies) -> ConnectionLimits:
    most = raise_descriptor_limit()
    return ConnectionLimits(
        header_seconds=settings.request_header_seconds,
        stall_seconds=settings.request_stall_seconds,
        most=min(most, settings.connection_limit) if settings.connection_limit else most,
        most_per_address=settings.connections_per_address,
        proxies=proxies,
        bodies=BodyRoom(max(settings.request_memory_bytes, 2 * settings.request_limit_bytes)),
    )


def timing_of(settings: Settings) -> Timing:
    return Timing(
        settings.keep_alive_seconds, settings.shutdown_seconds, settings.shutdown_delay_seconds
    )


@asynccontextmanager
async def background_work(settings: Settings, gateways: Gateways) -> AsyncIterator[None]:
    """Run background work in this context; on exit it finishes or releases what it has begun."""
    stopping = asyncio.Event()
    ctx = Context(settings=settings, gateways=gateways, actor=SYSTEM)
    working = asyncio.create_task(worker.run(ctx, draft_of, translate, stopping))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait([working], timeout=settings.shutdown_seconds)
        working.cancel()
        await asyncio.wait([working], timeout=settings.shutdown_seconds)


def _metrics(token: str) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(request: Request) -> Response:
        """Return the metrics of the processes that share them, and of webhooks from the database."""
        given = request.headers.get("authorization", "")
        if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return PlainTextResponse(
                "A token is needed.\n", 401, headers={"WWW-Authenticate": "Bearer"}
            )
        try:
            counts = await webhook_counts()
        except Exception as error:
            if fault := fault_of(error):
                database_faults.met(fault)
            else:
                log.exception("webhooks cannot be counted")
            counts = []
        return await asyncio.to_thread(metrics_endpoint, request, webhook_metrics(counts))

    return metrics


def _finding_of(ctx: Context, examine: FindingCheck) -> Check:
    """Return a check of `cli.py doctor` for readiness; overdue work only degrades a process."""

    async def check() -> str:
        found = await examine(ctx)
        return OK if found.level is Level.OK else found.says

    return check


async def _database() -> str:
    await database.fetch("SELECT 1")
    return OK


async def _data_keys() -> str:
    try:
        await check_keys()
    except DatabaseUnfit:
        return FOREIGN_KEYS
    return OK


def _storage(settings: Settings) -> Check:
    folder = (
        Path(sqlite_path(settings.database_url)).absolute().parent
        if settings.database_url.startswith("sqlite://")
        else None
    )

    async def check() -> str:
        if database_faults.recent(FaultKind.FULL):
            return "full: nothing can be saved"
        if database_faults.recent(FaultKind.READ_ONLY):
            return "read-only: nothing can be saved"
        if folder is not None:
            usage = await asyncio.to_thread(shutil.disk_usage, folder)
            if usage.free < SPARE_BYTES:
                return "nearly full"
        return OK

    return check


def _redis(url: str, limits: RateLimits) -> Check:
    async def check() -> str:
        if limits.degraded:
            return "no answer: this process counts by itself"
        return OK if await answers(url) else "no answer"

    return check


def _live_events(bus: RemoteBus) -> Check:
    async def check() -> str:
        return "interrupted: events come late" if bus.is_interrupted else OK

    return check
