"""Prometheus metrics: right numbers, few labels, all processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gateways.telemetry.metrics import MetricsMiddleware, count_operation, metrics_endpoint


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def defect(request: Request) -> PlainTextResponse:
    raise RuntimeError


async def socket(websocket: WebSocket) -> None:
    open_now = REGISTRY.get_sample_value("quintet_websockets_open")
    await websocket.send({"type": "websocket.close", "reason": str(open_now)})


app = MetricsMiddleware(
    Starlette(
        routes=[
            Route("/metered/{name}", hello, methods=["GET", "PURGE"]),
            Route("/metered-defect", defect),
            Route("/metrics", metrics_endpoint),
            WebSocketRoute("/socket", socket),
        ]
    )
)


async def ask(method: str, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path)


def requests(method: str, path: str, status: str) -> float:
    labels = {"method": method, "path": path, "status": status}
    return REGISTRY.get_sample_value("quintet_http_requests_total", labels) or 0


def operations(operation_type: str, outcome: str) -> float:
    labels = {"type": operation_type, "outcome": outcome}
    return REGISTRY.get_sample_value("quintet_graphql_operations_total", labels) or 0


async def test_requests_are_counted_and_timed_by_template() -> None:
    before = requests("GET", "/metered/{name}", "200")
    for name in ("a", "b", "c"):
        assert (await ask("GET", f"/metered/{name}")).text == "hello"
    assert requests("GET", "/metered/{name}", "200") == before + 3
    timed = {"method": "GET", "path": "/metered/{name}"}
    seconds = REGISTRY.get_sample_value("quintet_http_request_duration_seconds_count", timed)
    assert seconds == before + 3
    assert "/metered/a" not in (await ask("GET", "/metrics")).text


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/somewhere-else", ("GET", "unmatched", "404")),
        ("POST", "/metered/a", ("POST", "/metered/{name}", "405")),
        ("PURGE", "/metered/a", ("OTHER", "/metered/{name}", "200")),
        ("GET", "/metered-defect", ("GET", "/metered-defect", "500")),
    ],
)
async def test_labels_are_bounded(method: str, path: str, counted: tuple[str, str, str]) -> None:
    before = requests(*counted)
    await ask(method, path)
    assert requests(*counted) == before + 1


async def test_open_websockets() -> None:
    before = REGISTRY.get_sample_value("quintet_websockets_open")
    assert before is not None
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/socket", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "reason": str(before + 1)}]
    assert REGISTRY.get_sample_value("quintet_websockets_open") == before


def test_operations_are_counted_under_known_labels_alone() -> None:
    ok, unknown = operations("mutation", "ok"), operations("unknown", "unknown")
    count_operation("mutation", "ok")
    count_operation("<script>", "teapot")
    assert operations("mutation", "ok") == ok + 1
    assert operations("unknown", "unknown") == unknown + 1


async def test_the_exposition() -> None:
    count_operation("query", "ok")
    response = await ask("GET", "/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert 'quintet_graphql_operations_total{outcome="ok",type="query"}' in response.text


WORKER = """
from gateways.telemetry.metrics import OPEN_WEBSOCKETS, count_operation
count_operation("query", "ok")
OPEN_WEBSOCKETS.inc()
"""

SCRAPE = """
from starlette.requests import Request
from gateways.telemetry.metrics import forget_dead_processes, metrics_endpoint
forget_dead_processes()
print(metrics_endpoint(Request({"type": "http", "headers": []})).body.decode())
"""


def test_processes_answer_for_each_other(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(script: str) -> str:
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    run(WORKER)
    run(WORKER)
    scraped = run(SCRAPE)
    assert 'quintet_graphql_operations_total{outcome="ok",type="query"} 2.0' in scraped
    assert "quintet_websockets_open 2.0" not in scraped
