"""The Starlette application: `/graphql`, `/webhooks/…`, `/sandbox/…`, and the routes of
`server_process.py`.

`create_app(settings)` wires the gateways; `server_of` returns the server of an application.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from gateways import Gateways
from gateways.telemetry.logs import RequestIdMiddleware, configure_logging
from gateways.telemetry.metrics import MetricsMiddleware, count_operation, forget_dead_processes
from gateways.telemetry.tracing import TracingMiddleware, is_tracing, start_tracing, stop_tracing
from gateways.wiring import make_gateways
from models import database
from models.database_faults import DATABASE_ERRORS
from models.read_consistency import as_fresh_as
from models.text.client_addresses import client_of
from resolvers import node_codes
from resolvers.accounts.clients.uses import ClientUses
from resolvers.accounts.rights_watch import RightsWatch
from resolvers.context import ActorKind, Context
from schema import schema
from schema.browser.downloads import download_routes
from schema.browser.pages import browser_pages
from schema.context import context_factory
from schema.cost.charging import make_charges
from schema.errors import format_error
from schema.execution import CompiledExecutor
from schema.execution.meter import AnswerLimits
from schema.operations.documents.limits import Limits
from schema.operations.documents.persisted import PersistedDocuments
from schema.operations.documents.trusted import read_trusted_documents
from schema.operations.error_log import report_errors
from schema.operations.hooks import answer_anew
from schema.operations.operations import Operations
from schema.operations.response_cache import answer_once
from schema.operations.subscription_auth import confirm
from schema.operations.suggestions import without_suggestions
from schema.operations.tracing import traced
from schema.operations.warming import known_documents, warm
from schema.transport.cross_origin import cross_origin
from schema.transport.provider_notifications import payment_webhooks
from schema.transport.routes import Shortcut, graphql_routes
from schema.transport.unavailable import answer_database_error
from schema.transport.uploads import uploads_of
from server_process import (
    QUIET_PATHS,
    background_work,
    connection_limits,
    health_of,
    process_routes,
    timing_of,
)
from serving.application import Application
from serving.health import Health
from serving.proxies import TrustedProxies
from serving.running import Server
from serving.stopping import Stopping
from settings import Settings

COLLECTIONS = (50_000, 0, 20)  # gc thresholds: young objects often, all after a million new ones


def create_app(settings: Settings, *, warming: bool = False) -> Application:
    """Return the whole application; `warming`: it prepares known documents before it is ready."""
    configure_logging(settings.log_level, json=settings.log_format == "json")
    forget_dead_processes()
    start_tracing(settings)
    gateways, uses, stopping = make_gateways(settings), ClientUses(), Stopping()
    operations = _operations(settings, gateways, uses)
    health = health_of(settings, gateways, stopping)
    lifespan = _lifespan(settings, gateways, health, uses, operations, warming)
    limits = connection_limits(settings, TrustedProxies(settings.proxies))
    graphql, *others = graphql_routes(
        operations,
        bodies=limits.bodies,
        graphiql=settings.graphiql,
        public_seconds=settings.public_cache_seconds,
        allowed_origins=settings.origins,
        local_pages=settings.allows_local_pages,
        uploads=uploads_of(settings, operations.context_factory),
        going_away=stopping.wait,
    )
    starlette = Starlette(
        routes=[
            graphql,
            *others,
            *payment_webhooks(settings, gateways, limits.bodies),
            *download_routes(settings),
            *browser_pages(settings, gateways),
            *process_routes(settings, health),
        ],
        exception_handlers=dict.fromkeys(DATABASE_ERRORS, answer_database_error),
        lifespan=lambda app: lifespan(),
    )
    assert isinstance(graphql, Route)  # noqa: S101 - for the type checker
    app = cross_origin(Shortcut(graphql, starlette), settings.origins, settings.allows_local_pages)
    whole = RequestIdMiddleware(MetricsMiddleware(app), quiet_paths=QUIET_PATHS)
    traced_whole = TracingMiddleware(whole) if is_tracing() else whole
    return Application(traced_whole, lifespan, stopping, limits.proxies, limits)


def server_of(
    settings: Settings, application: Application, announce: Callable[[], None] = lambda: None
) -> Server:
    """Return the server of an application, with the limits of the settings."""
    return Server(
        application,
        timing_of(settings),
        max_message_bytes=settings.request_limit_bytes,
        announce=announce,
    )


def _operations(settings: Settings, gateways: Gateways, uses: ClientUses) -> Operations[Context]:
    return Operations(
        schema,
        context_factory(settings, gateways, uses),
        format_error if settings.suggestions else without_suggestions(format_error),
        limits=Limits(
            max_body_bytes=settings.request_limit_bytes, introspection=settings.introspection
        ),
        execute=traced(CompiledExecutor(schema)),
        event_context=_event_context,
        event_extensions=_event_extensions,
        confirm=confirm,
        watch=RightsWatch().watch,
        observe=count_operation,
        persisted=_persisted_documents(settings, gateways),
        read=_read,
        repeat=answer_once if settings.kept_megabytes else answer_anew,
        charges=make_charges(settings, gateways),
        answer_limits=_answer_limits(settings),
        report=report_errors,
        name_codes=node_codes.find,
        share=_share,
    )


def _share(ctx: Context) -> AbstractContextManager[None]:
    """Limit reads to the caller's share; visitors and guests share by address.

    Anybody may begin any number of visits.
    """
    actor = ctx.actor
    if actor.kind is ActorKind.SYSTEM:
        return nullcontext()
    is_visitor = actor.kind in (ActorKind.ANONYMOUS, ActorKind.GUEST)
    return database.read_for(client_of(ctx.remote_address) if is_visitor else actor.key)


def _answer_limits(settings: Settings) -> Callable[[Context], AnswerLimits]:
    limits = AnswerLimits(settings.answer_objects, settings.answer_bytes, settings.query_seconds)
    return lambda ctx: limits


def _persisted_documents(settings: Settings, gateways: Gateways) -> PersistedDocuments:
    return PersistedDocuments(
        gateways.persisted_queries if settings.automatic_persisted_queries else None,
        read_trusted_documents(settings.trusted_documents),
        trusted_only=settings.trusted_documents_only,
    )


def _lifespan(
    settings: Settings,
    gateways: Gateways,
    health: Health,
    uses: ClientUses,
    operations: Operations[Context],
    warming: bool,
) -> Callable[[], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            await database.connect(settings.database_url, **settings.database_options)
            opened.callback(stop_tracing)
            opened.push_async_callback(database.close)
            opened.push_async_callback(health.close)
            opened.push_async_callback(gateways.close_providers)
            opened.push_async_callback(gateways.rate_limits.stop)
            opened.push_async_callback(gateways.persisted_queries.stop)
            opened.push_async_callback(gateways.cost_buckets.stop)
            opened.push_async_callback(gateways.bus.stop)
            opened.push_async_callback(operations.finish)
            await gateways.bus.start()
            if settings.embedded_worker:
                await opened.enter_async_context(background_work(settings, gateways))
            await opened.enter_async_context(_writing(uses))
            health.is_prepared = await opened.enter_async_context(
                _warming(operations if warming else None)
            )
            yield

    return lifespan


@asynccontextmanager
async def _writing(uses: ClientUses) -> AsyncIterator[None]:
    """Write the uses of API clients periodically and at the end."""
    writing = asyncio.create_task(uses.run())
    await asyncio.sleep(0)  # let the task begin, so that cancelling it writes the rest
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.wait([writing])


@asynccontextmanager
async def _warming(operations: Operations[Context] | None) -> AsyncIterator[Callable[[], bool]]:
    """Prepare known documents and yield a function that returns whether that is done."""
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
    """Allow catalogue reads from a replica, except for callers who may have just changed the catalogue."""
    writes = ctx.actor.kind in (ActorKind.STAFF, ActorKind.API_CLIENT)
    return as_fresh_as(ctx.freshness, may_lag=begins_public and not writes)


def _event_context(ctx: Context) -> Context:
    """Return a context without memory, so that each event of a subscription is resolved anew."""
    return dataclasses.replace(ctx, memory={})


def _event_extensions(ctx: Context) -> dict[str, Any] | None:
    extensions: dict[str, Any] | None = ctx.memory.get("event_extensions")
    return extensions


def make_app(settings: Settings) -> Application:
    """Return the application of a process that does nothing else, and freeze the objects loaded by now.

    The collector never looks at it, which would take a tenth of the start. A full collection stops the event
    loop for about a microsecond an object that requests have left behind, so it comes before there are many.
    """
    app = create_app(settings, warming=True)
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    return app
