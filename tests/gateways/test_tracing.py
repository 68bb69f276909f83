"""A request is one trace down to its statements, without personal data; without traces nothing is wrapped."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateways.telemetry import tracing
from gateways.webhooks import HttpWebhooks
from models.engine import statement_tracing
from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.receiver import receiving

PHONE = "13900001234"
CODE_REQUEST = (
    "mutation Ask($i: OtpRequestInput!) { otpRequest(input: $i) { userErrors { code } } }"
)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced in this process; traces are on before the application is made."""
    exporter = InMemorySpanExporter()
    tracing.start_tracing(Settings(), SimpleSpanProcessor(exporter))
    yield exporter
    tracing.stop_tracing()


@pytest.fixture
async def traced_api(spans: InMemorySpanExporter, settings: Settings) -> Any:
    async with serving(settings) as api:
        spans.clear()
        yield api


def by_kind(spans: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {"request": [], "operation": [], "statement": []}
    for span in spans.get_finished_spans():
        attributes = span.attributes or {}
        kind = "statement" if "db.query.text" in attributes else "operation"
        found["request" if "http.route" in attributes else kind].append(span)
    return found


async def test_a_request_its_operation_and_its_statements_are_one_trace(
    traced_api: Api, spans: InMemorySpanExporter
) -> None:
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    answer = await traced_api.client.post(
        "/graphql",
        json={"query": "query Shops { stores(first: 2) { edges { node { code } } } }"},
        headers={"traceparent": f"00-{trace}-{caller}-01", "x-request-id": "r1"},
    )
    assert "errors" not in answer.json()
    found = by_kind(spans)
    (request,), (operation,) = found["request"], found["operation"]
    assert {format(each.context.trace_id, "032x") for each in spans.get_finished_spans()} == {trace}
    assert request.name == "POST /graphql"
    assert request.parent is not None
    assert format(request.parent.span_id, "016x") == caller
    assert dict(request.attributes or {})["quintet.request_id"] == "r1"
    assert operation.name == "query Shops"
    assert operation.parent is not None
    assert operation.parent.span_id == request.context.span_id
    assert found["statement"]
    assert {each.parent and each.parent.trace_id for each in found["statement"]} == {
        request.context.trace_id
    }


async def test_mutations_are_traced_on_their_way_to_the_database(
    traced_api: Api, spans: InMemorySpanExporter
) -> None:
    await traced_api.guest()
    statements = [
        str((each.attributes or {})["db.query.text"]) for each in by_kind(spans)["statement"]
    ]
    assert any(each.startswith("INSERT") for each in statements)


async def test_no_attribute_holds_anything_personal(
    traced_api: Api, spans: InMemorySpanExporter
) -> None:
    assert "errors" not in await traced_api.send(CODE_REQUEST, i={"phone": PHONE})
    await traced_api.client.get(f"/s/{PHONE}?phone={PHONE}")
    await traced_api.client.get(f"/{PHONE}")
    finished = spans.get_finished_spans()
    assert len(finished) > 3
    for span in finished:
        assert PHONE not in span.to_json()


async def test_a_delivery_carries_the_trace_on(spans: InMemorySpanExporter) -> None:
    webhooks = HttpWebhooks(private_addresses=True, plain_http=True, seconds=30)
    async with (
        receiving() as receiver,
        webhooks.to(f"http://127.0.0.1:{receiver.port}/hook") as target,
    ):
        await target.send({}, b'{"sequence": "1"}')
    (span,) = spans.get_finished_spans()
    (message,) = receiver.messages
    version, trace_id, span_id, _ = message.headers["traceparent"].split("-")
    assert version == "00"
    assert trace_id == format(span.context.trace_id, "032x")
    assert span_id == format(span.context.span_id, "016x")
    assert "/hook" not in span.to_json()


async def test_spans_reach_a_collector_over_http(settings: Settings) -> None:
    received: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    async with serving(replace(settings, otlp_endpoint=endpoint)) as api:
        await api.ask("query Named { __typename }")
    await asyncio.to_thread(server.shutdown)
    names = {
        span.name
        for body in received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert {"POST /graphql", "query Named"} <= names
    assert not tracing.is_tracing()


async def test_where_traces_are_off_nothing_is_wrapped(api: Api) -> None:
    assert not tracing.is_tracing()
    methods = [getattr(owner, name) for owner, name in statement_tracing.STATEMENT_METHODS]
    assert methods
    assert statement_tracing.__file__ not in {each.__code__.co_filename for each in methods}
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{api.settings.base_url}/graphql", json={"query": "{ __typename }"}
        )
    assert answer.json()["data"] == {"__typename": "Query"}


def test_without_the_packages_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from settings import SettingsError

    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    with pytest.raises(SettingsError, match="make setup-telemetry"):
        tracing.check_tracing(Settings(otlp_endpoint="http://127.0.0.1:4318"))
