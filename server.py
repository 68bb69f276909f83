"""The Starlette application: `/graphql`, `/webhooks/…`, `/sandbox/…`, `/health`, `/metrics`.

`create_app(settings)` wires the gateways; a process started by `cli.py serve` finds it as `server:app`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from gateways import Gateways, PaymentGateway
from gateways.bus import make_bus
from gateways.metrics import (
    MetricsMiddleware,
    count_operation,
    forget_dead_processes,
    metrics_endpoint,
)
from gateways.persisted_queries import make_persisted_queries
from gateways.rate_limits import WindowRateLimits
from gateways.sandbox import SandboxPayments
from gateways.sandbox_pages import sandbox_routes
from gateways.sms import LoggingSms
from gateways.telemetry import RequestIdMiddleware, configure_logging
from gateways.tracing import TracingMiddleware, is_tracing, start_tracing, stop_tracing
from gateways.webhook_metrics import webhook_metrics
from gateways.webhooks import HttpWebhooks
from models import database
from models.freshness import as_fresh_as
from resolvers import worker
from resolvers.context import SYSTEM, ActorKind, Context
from resolvers.integrations.webhook_counts import webhook_counts
from schema import schema
from schema.context import context_factory
from schema.cross_origin import cross_origin
from schema.downloads import download_routes
from schema.errors import format_error
from schema.execution import CompiledExecutor
from schema.integrations.bulk_rows import draft_of
from schema.kept_answers import answer_once
from schema.landing import landing_pages
from schema.limits import Limits
from schema.messages import translate
from schema.operations import Operations, answer_anew
from schema.persisted_documents import PersistedDocuments
from schema.routes import Shortcut, graphql_routes
from schema.standing import confirm
from schema.tracing import traced
from schema.trusted_documents import read_trusted_documents
from schema.uploads import uploads_of
from schema.warming import known_documents, warm
from schema.webhooks import payment_webhooks, receive
from settings import Settings

log = structlog.get_logger(__name__)


def make_gateways(settings: Settings) -> Gateways:
    """The doors outward that these settings open."""
    return Gateways(
        sms=LoggingSms(settings.sms_outbox, log_codes=not settings.is_production),
        bus=make_bus(settings.listening_url, settings.redis_url),
        rate_limits=WindowRateLimits(settings.redis_url),
        webhooks=HttpWebhooks(
            private_addresses=settings.webhook_private_addresses,
            plain_http=settings.webhook_plain_http or not settings.is_production,
            seconds=settings.webhook_seconds,
            hosts=settings.allowed_webhook_hosts,
        ),
        persisted_queries=make_persisted_queries(settings.redis_url),
        payments=_payment_providers(settings),
    )


def _payment_providers(settings: Settings) -> dict[str, PaymentGateway]:
    if not settings.sandbox_payments:
        return {}
    return {"SANDBOX": SandboxPayments(settings.base_url, settings.secret_key)}


def create_app(settings: Settings, *, warming: bool = False) -> ASGIApp:
    """The whole application; `warming`: it prepares the documents it knows before it is ready."""
    configure_logging(settings.log_level, json=settings.log_format == "json")
    forget_dead_processes()
    start_tracing(settings)
    gateways = make_gateways(settings)
    operations = _operations(settings, gateways)
    graphql, *others = graphql_routes(
        operations,
        public_seconds=settings.public_cache_seconds,
        allowed_origins=settings.origins,
        uploads=uploads_of(settings, operations.context_factory),
    )
    starlette = Starlette(
        routes=[
            graphql,
            *others,
            *payment_webhooks(settings, gateways),
            *download_routes(settings),
            *landing_pages(settings, gateways),
            *_sandbox(settings, gateways),
            Route("/health", live),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
        ],
        lifespan=_lifespan(settings, gateways, operations if warming else None),
    )
    quiet = {"/health", "/health/live", "/health/ready", "/metrics"}
    assert isinstance(graphql, Route)  # noqa: S101 - for the type checker
    app = cross_origin(Shortcut(graphql, starlette), settings.origins)
    whole = RequestIdMiddleware(MetricsMiddleware(app), quiet_paths=quiet)
    return TracingMiddleware(whole) if is_tracing() else whole


def _operations(settings: Settings, gateways: Gateways) -> Operations[Context]:
    return Operations(
        schema,
        context_factory(settings, gateways),
        format_error,
        limits=Limits(max_body_bytes=settings.request_limit_bytes),
        execute=traced(CompiledExecutor(schema)),
        event_context=_event_context,
        event_extensions=_event_extensions,
        confirm=confirm,
        observe=count_operation,
        persisted=_persisted_documents(settings, gateways),
        read=_read,
        repeat=answer_once if settings.kept_megabytes else answer_anew,
    )


def _persisted_documents(settings: Settings, gateways: Gateways) -> PersistedDocuments:
    return PersistedDocuments(
        gateways.persisted_queries if settings.automatic_persisted_queries else None,
        read_trusted_documents(settings.trusted_documents),
        trusted_only=settings.trusted_documents_only,
    )


def _sandbox(settings: Settings, gateways: Gateways) -> list[BaseRoute]:
    """The pages of the sandbox provider, where there is one."""
    provider = gateways.payments.get("SANDBOX")

    async def tell(headers: dict[str, str], body: bytes) -> bool:
        return (await receive(settings, gateways, "SANDBOX", headers, body)).status == 200

    return sandbox_routes(provider, tell) if isinstance(provider, SandboxPayments) else []


async def live(request: Request) -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """What is known beforehand is prepared and the database answers too, so requests may come."""
    if not request.app.state.prepared():
        return JSONResponse({"status": "documents are being prepared"}, status_code=503)
    try:
        await database.fetch("SELECT 1")
    except Exception:  # noqa: BLE001 - whatever it is, no request should come here
        return JSONResponse({"status": "the database does not answer"}, status_code=503)
    return JSONResponse({"status": "ok"})


async def metrics(request: Request) -> Response:
    """This process's numbers, or those of all that share them, and what the database knows of webhooks."""
    try:
        counts = await webhook_counts()
    except Exception:
        log.exception("webhooks cannot be counted")
        counts = []
    return await asyncio.to_thread(metrics_endpoint, request, webhook_metrics(counts))


def _lifespan(
    settings: Settings, gateways: Gateways, operations: Operations[Context] | None
) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await database.connect(settings.database_url, **settings.database_options)
        await gateways.bus.start()
        try:
            async with (
                _embedded_worker(settings, gateways),
                _warming(operations) as app.state.prepared,
            ):
                yield
        finally:
            await gateways.bus.stop()
            await gateways.persisted_queries.stop()
            await database.close()
            stop_tracing()

    return lifespan


@asynccontextmanager
async def _embedded_worker(settings: Settings, gateways: Gateways) -> AsyncIterator[None]:
    """Background work in this process, unless workers run apart."""
    if not settings.embedded_worker:
        yield
        return
    working = asyncio.create_task(
        worker.run(Context(settings=settings, gateways=gateways, actor=SYSTEM), draft_of, translate)
    )
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait([working])


@asynccontextmanager
async def _warming(operations: Operations[Context] | None) -> AsyncIterator[Callable[[], bool]]:
    """Answers whether what is known beforehand is prepared."""
    if operations is None:
        yield lambda: True
        return
    preparing = asyncio.create_task(warm(operations, known_documents(operations)))
    try:
        yield preparing.done
    finally:
        preparing.cancel()
        await asyncio.wait([preparing])


def _read(ctx: Context, begins_public: bool) -> AbstractContextManager[None]:
    """The catalogue from a replica, but not for those who may have changed it just now."""
    writes = ctx.actor.kind in (ActorKind.STAFF, ActorKind.API_CLIENT)
    return as_fresh_as(ctx.freshness, may_lag=begins_public and not writes)


def _event_context(ctx: Context) -> Context:
    """Each event of a subscription is resolved afresh: nothing remembered from the one before."""
    return dataclasses.replace(ctx, memory={})


def _event_extensions(ctx: Context) -> dict[str, Any] | None:
    extensions: dict[str, Any] | None = ctx.memory.get("event_extensions")
    return extensions


def make_app(settings: Settings) -> ASGIApp:
    """The application of a process that does nothing else: what is loaded by now stays for good.

    The collector does not look at it, not even once (it would find one object in a hundred to be of no use,
    and take a tenth of the start), and comes less often; requests leave little behind them.
    """
    app = create_app(settings, warming=True)
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)
    return app


def __getattr__(name: str) -> ASGIApp:
    """`server:app`, made when it is first asked for, from the environment."""
    if name == "app":
        return make_app(Settings.from_environment())
    raise AttributeError(name)
