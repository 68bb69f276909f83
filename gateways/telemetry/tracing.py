"""Traces by OpenTelemetry: request → operation → database statements → outgoing calls.

A job, a change and a delivery carry `traceparent`, so that a trace continues in the worker.

Until `start_tracing` is called nothing of OpenTelemetry is loaded and nothing is wrapped. No attribute
contains a value of a request: statements have placeholders, paths are route templates, variables are left
out.

Source: OpenTelemetry semantic conventions (HTTP, database, GraphQL); W3C Trace Context (`traceparent`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from gateways.telemetry.logs import App, Message, Receive, Scope, Send, path_template
from models.engine.statement_tracing import trace_statements
from settings import VERSION, Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanProcessor
    from opentelemetry.trace import Tracer
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

MISSING = (
    "QUINTET_OTLP_ENDPOINT needs OpenTelemetry, which is not installed: run make setup-telemetry."
)
SERVICE = "quintet"
# Only inserts of many rows are longer.
STATEMENT_LENGTH = 2_000
_KIND = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|WRITE)\b", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'")


@dataclass(slots=True)
class _Tracing:
    provider: TracerProvider
    tracer: Tracer
    untrace_statements: Callable[[], None]


_running: list[_Tracing] = []


def is_tracing() -> bool:
    return bool(_running)


def check_tracing(settings: Settings) -> None:
    """Raise SettingsError when traces are configured and OpenTelemetry is not installed."""
    if settings.otlp_endpoint:
        try:
            import opentelemetry.exporter.otlp.proto.http
            import opentelemetry.sdk.trace  # noqa: F401
        except ImportError as error:
            raise SettingsError(MISSING) from error


def start_tracing(settings: Settings, processor: SpanProcessor | None = None) -> None:
    """Start tracing this process if the settings name a collector; tests pass a `processor` instead.

    Raises: SettingsError.
    """
    if _running or not (settings.otlp_endpoint or processor):
        return
    check_tracing(settings)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    # OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME of the environment take precedence.
    given = Resource.create()
    resource = Resource({"service.version": VERSION}).merge(given)
    if str(given.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(processor or _exporting(settings.otlp_endpoint))
    tracer = provider.get_tracer(SERVICE, VERSION)
    _running.append(_Tracing(provider, tracer, trace_statements(_statement_span)))


def stop_tracing() -> None:
    """Send the remaining spans and stop tracing."""
    while _running:
        tracing = _running.pop()
        tracing.untrace_statements()
        tracing.provider.shutdown()


def _exporting(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base = endpoint.rstrip("/")
    address = base if base.endswith("/v1/traces") else f"{base}/v1/traces"
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=5))


class TracingMiddleware:
    """Gives each HTTP request and WebSocket a span, a child of the caller's if `traceparent` names one."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not _running:
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        parent = _propagator().extract(carrier)
        method = str(scope.get("method", "WEBSOCKET"))
        kind = SpanKind.SERVER
        with _running[0].tracer.start_as_current_span(method, parent, kind) as span:
            trace_id = format(span.get_span_context().trace_id, "032x")
            bound = structlog.contextvars.bind_contextvars(trace_id=trace_id)
            try:
                await self.app(scope, receive, _noting_status(send, span))
            finally:
                structlog.contextvars.reset_contextvars(**bound)
                _describe(span, scope, method)


def _noting_status(send: Send, span: Any) -> Send:
    async def send_noting_status(message: Message) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
            if message["status"] >= 500:
                _mark_failed(span)
        await send(message)

    return send_noting_status


def _describe(span: Any, scope: Scope, method: str) -> None:
    """Name the span by its route, which is known only after routing."""
    route = path_template(scope) or "unmatched"
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    if request_id := scope.get("state", {}).get("request_id"):
        span.set_attribute("quintet.request_id", request_id)


@contextmanager
def operation_span(operation_type: str, operation_name: str | None) -> Iterator[None]:
    """Trace one GraphQL operation by its type and name."""
    if not _running:
        yield
        return
    name = f"{operation_type} {operation_name or ''}".strip()
    attributes = {"graphql.operation.type": operation_type}
    if operation_name:
        attributes["graphql.operation.name"] = operation_name
    with _running[0].tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False
    ):
        yield


@contextmanager
def client_span(name: str, host: str) -> Iterator[dict[str, str]]:
    """Trace one outgoing call and yield the headers that propagate the trace.

    `name` begins with the HTTP method. An exception marks the span as failed.
    """
    if not _running:
        yield {}
        return
    from opentelemetry.trace import SpanKind

    attributes = {"http.request.method": name.partition(" ")[0], "server.address": host}
    with _running[0].tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
    ) as span:
        headers: dict[str, str] = {}
        _propagator().inject(headers)
        try:
            yield headers
        except Exception as error:
            _mark_failed(span, type(error).__name__)
            raise


class ProcessTraces:
    """The traces of this process for use cases; without tracing it does nothing."""

    def traceparent(self) -> str | None:
        if not _running:
            return None
        headers: dict[str, str] = {}
        _propagator().inject(headers)
        return headers.get("traceparent")

    @contextmanager
    def span(self, name: str, traceparent: str | None) -> Iterator[None]:
        if not _running:
            yield
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind

        # Without a parent it starts its own trace, whatever span is current.
        parent = _propagator().extract({"traceparent": traceparent or ""}, Context())
        with _running[0].tracer.start_as_current_span(
            name, parent, SpanKind.CONSUMER, record_exception=False, set_status_on_exception=False
        ) as span:
            trace_id = format(span.get_span_context().trace_id, "032x")
            bound = structlog.contextvars.bind_contextvars(trace_id=trace_id)
            try:
                yield
            except Exception as error:
                _mark_failed(span, type(error).__name__)
                raise
            finally:
                structlog.contextvars.reset_contextvars(**bound)


def _propagator() -> TraceContextTextMapPropagator:
    """Return a stateless propagator, which reads and writes `traceparent`."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


def _statement_span(statement: str) -> AbstractContextManager[object] | None:
    """Return a span for a statement inside a traced request; None for others, such as background work."""
    from opentelemetry.trace import SpanKind, get_current_span

    if not _running or not get_current_span().is_recording():
        return None
    found = _KIND.match(statement)
    kind = found[1].upper() if found else "statement"
    return _running[0].tracer.start_as_current_span(
        kind,
        kind=SpanKind.CLIENT,
        attributes={"db.query.text": _LITERAL.sub("?", statement)[:STATEMENT_LENGTH]},
        record_exception=False,  # the database's message contains the values of a violated key
        set_status_on_exception=False,
    )


def _mark_failed(span: Any, why: str = "") -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR, why)
