"""A trace that begins at a request goes on in the jobs and deliveries of the worker, and at the receiver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateways.telemetry import tracing
from models.accounts.organisations import Organisation
from models.database import fetch, transaction
from models.jobs import Job
from models.stores.locations import Location
from resolvers.background.jobs import enqueue, run_due
from resolvers.background.outbox import Change, announce
from resolvers.context import Context
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.delivery import deliver_due
from settings import Settings
from tests.make.receiver import receiving
from tests.make.stock import a_location

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.start_tracing(Settings(), SimpleSpanProcessor(exporter))
    yield exporter
    tracing.stop_tracing()


@pytest.fixture
async def shop(ctx: Context) -> Location:
    return await a_location(ctx)


def traces_of(spans: InMemorySpanExporter, name: str) -> list[str]:
    found = [span for span in spans.get_finished_spans() if span.name == name]
    return [format(span.context.trace_id, "032x") for span in found]


async def hook(ctx: Context, url: str) -> None:
    merchant = await Organisation.get(id=ctx.merchant_id)
    await webhooks.create(ctx, url=url, topics=["stock.changed"], organisation_code=merchant.code)


async def change(ctx: Context, shop: Location) -> None:
    await announce(
        ctx,
        [
            Change(
                topic="stock.changed",
                node_type="StockLevel",
                node_id=1,
                merchant_id=shop.merchant_id,
                organisation_id=shop.organisation_id,
            )
        ],
    )
    await enqueue(ctx, "note", {"number": 1})


async def test_jobs_and_deliveries_go_on_in_the_trace_of_the_request(
    ctx: Context, shop: Location, spans: InMemorySpanExporter
) -> None:
    noted: list[dict[str, Any]] = []

    async def note(ctx: Context, payload: dict[str, Any]) -> None:
        noted.append(payload)
        await fetch("SELECT 1 AS found")

    async with receiving() as receiver:
        await hook(ctx, receiver.url)
        with ctx.gateways.traces.span("request", CALLER):
            await transaction(change, ctx, shop)
        spans.clear()
        assert await deliver_due(ctx) == 1
        assert await run_due(ctx, {"note": note}) == 1
    (message,) = receiver.messages
    assert message.headers["traceparent"].split("-")[1] == TRACE
    assert traces_of(spans, "deliver webhook") == traces_of(spans, "job note") == [TRACE]
    assert traces_of(spans, "POST webhook") == [TRACE]
    assert TRACE in traces_of(spans, "SELECT")
    assert noted[0]["number"] == 1


async def test_a_job_that_fails_says_so_in_its_trace_and_not_why(
    ctx: Context, spans: InMemorySpanExporter
) -> None:
    async def fail(ctx: Context, payload: dict[str, Any]) -> None:
        raise ValueError("13900001234")

    await transaction(enqueue, ctx, "note", {})
    assert await run_due(ctx, {"note": fail}) == 0
    (span,) = [span for span in spans.get_finished_spans() if span.name == "job note"]
    assert span.status.description == "ValueError"
    assert "13900001234" not in span.to_json()


async def test_without_traces_nothing_is_written(ctx: Context, shop: Location) -> None:
    async with receiving() as receiver:
        await hook(ctx, receiver.url)
        await transaction(change, ctx, shop)
        assert await deliver_due(ctx) == 1
    assert "traceparent" not in receiver.messages[0].headers
    for table in ("outbox_event", "webhook_delivery"):
        (row,) = await fetch(f"SELECT traceparent FROM {table}")
        assert row["traceparent"] is None
    assert (await Job.get()).payload == {"number": 1}


async def test_a_trace_that_makes_no_sense_is_one_of_its_own(
    ctx: Context, spans: InMemorySpanExporter
) -> None:
    for given in ("", "00-zz-1-01", "x" * 500):
        with ctx.gateways.traces.span("work", given):
            assert ctx.gateways.traces.traceparent()
    assert len(set(traces_of(spans, "work"))) == 3
