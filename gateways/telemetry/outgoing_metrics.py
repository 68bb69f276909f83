"""Metrics and spans of outgoing calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from gateways import GatewayTimeout
from gateways.circuits import CircuitOpen
from gateways.telemetry.tracing import client_span

CALLS = Counter(
    "quintet_outgoing_calls",
    "Calls to other systems by outcome: answered (with any status), unanswered, timeout, "
    "open (not called, because the host has not answered for some time).",
    ("purpose", "outcome"),
)
SECONDS = Histogram(
    "quintet_outgoing_call_duration_seconds",
    "Time from the beginning of a call to another system to the end of its answer.",
    ("purpose",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@contextmanager
def outgoing_call(purpose: str, host: str, method: str = "POST") -> Iterator[dict[str, str]]:
    """Measure a call and yield the headers that propagate the trace.

    No label names a host, because anybody may register one.
    """
    started = time.perf_counter()
    outcome = "unanswered"
    try:
        with client_span(f"{method} {purpose}", host) as headers:
            yield headers
        outcome = "answered"
    except CircuitOpen:
        outcome = "open"
        raise
    except GatewayTimeout:
        outcome = "timeout"
        raise
    finally:
        CALLS.labels(purpose, outcome).inc()
        SECONDS.labels(purpose).observe(time.perf_counter() - started)
