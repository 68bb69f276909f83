"""Prometheus metrics of one server process, or of all processes together.

With the environment variable PROMETHEUS_MULTIPROC_DIR, an empty directory, every process of a server writes
its values there and each reports the total. Set it before this module is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    multiprocess,
)
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.values import ValueClass
from starlette.requests import Request
from starlette.responses import Response

from gateways.telemetry.logs import App, Message, Receive, Scope, Send, path_template

# prometheus-client decides this from the environment when it is imported.
MULTIPROCESS = bool(ValueClass._multiprocess)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OPERATION_TYPES = frozenset({"query", "mutation", "subscription"})
OUTCOMES = frozenset({"ok", "error", "refused"})

REQUESTS = Counter("quintet_http_requests", "HTTP requests answered.", ("method", "path", "status"))
REQUEST_SECONDS = Histogram(
    "quintet_http_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    ("method", "path"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OPEN_WEBSOCKETS = Gauge(
    "quintet_websockets_open", "WebSockets open now.", multiprocess_mode="livesum"
)
OPERATIONS = Counter(
    "quintet_graphql_operations",
    "GraphQL operations (each event of a subscription counts) by outcome: "
    "ok, error (some field failed), refused (before any field ran).",
    ("type", "outcome"),
)


# Looking up the child of a metric takes longer than counting. There are few, and clients cannot add more.
_requests = cache(REQUESTS.labels)
_request_seconds = cache(REQUEST_SECONDS.labels)
_operations = cache(OPERATIONS.labels)


def count_operation(operation_type: str, outcome: str) -> None:
    """Count an operation; unknown values become "unknown", so that clients cannot create labels."""
    _operations(
        operation_type if operation_type in OPERATION_TYPES else "unknown",
        outcome if outcome in OUTCOMES else "unknown",
    ).inc()


class MetricsMiddleware:
    """Counts and times requests by route template, and WebSockets while they are open."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._measure(scope, receive, send)
        elif scope["type"] == "websocket":
            with OPEN_WEBSOCKETS.track_inprogress():
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        # 499 as in nginx: the client disconnected before the response.
        status = 499

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        try:
            await self.app(scope, receive, send_noting_status)
        except Exception:
            status = 500
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            path = path_template(scope) or "unmatched"
            _requests(method, path, status).inc()
            _request_seconds(method, path).observe(time.perf_counter() - started)


class Collected:
    """A collector of given metrics, for one response."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def metrics_endpoint(request: Request, further: Iterable[Metric] = ()) -> Response:
    """Return all metrics and further ones; a plain function, to be run off the event loop."""
    registry = CollectorRegistry()
    if MULTIPROCESS:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(Collected(further))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return Response(encode(registry), headers=headers)


def forget_dead_processes() -> None:
    """Remove the open WebSockets of crashed processes from the sum; call it at each start."""
    if not MULTIPROCESS:
        return
    directory = multiprocess.MultiProcessCollector(None)._path  # type: ignore[no-untyped-call]
    for file in Path(directory).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not _is_running(pid):
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
