"""SIGTERM and SIGINT at every step of start and stop: the process ends within seconds, and says no more."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import httpx
import pytest

from tests.conftest import free_port
from tests.make.databases import POSTGRES
from tests.make.signals import EVERY_STEP, ended, signalled, toy
from tests.make.wires import hanging

SIGNALS = ("SIGTERM", "SIGINT") if EVERY_STEP else ("SIGTERM",)
SECONDS = 15  # of a machine that is busy; alone it takes half of one
BOTH = (
    "models.database:connect",
    "starting:with_database",
    "starting:check",
    "server:make_gateways",
    "models.database:close",
    "gateways.bus:RemoteBus.start",
    "server_process:worker.run",
)
SERVER = (
    "starting:check_tracing",
    "starting:listen_on",
    "starting:ensure_platform",
    "server:make_app",
    "serving.running:Server.startup",
)
# One of each kind: before there is an event loop, inside it, while something is opened, and by the worker.
KINDS = [
    ("serve", "starting:listen_on"),
    ("serve", "models.database:connect"),
    ("serve", "serving.running:Server.startup"),
    ("worker", "gateways.bus:RemoteBus.start"),
]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("command", "place"),
    [
        *(("serve", place) for place in (*SERVER, *BOTH)),
        *(("worker", place) for place in BOTH),
    ]
    if EVERY_STEP
    else KINDS,
)
@pytest.mark.own_database
async def test_a_start_ends_at_whatever_step_it_is(
    command: str, place: str, number: str, database_url: str
) -> None:
    """While Redis takes connections and says nothing, which holds up whoever waits for it."""
    options = [f"--port={free_port()}"] if command == "serve" else []
    async with hanging() as redis:
        arguments = (command, f"--database-url={database_url}", *options)
        async with signalled(number, place, *arguments, QUINTET_REDIS_URL=redis) as process:
            code, said, errors = await ended(process)
    stopped = signal.Signals[number]
    assert code in (0, 128 + stopped, -stopped)
    assert "Quintet serves" not in said or place == "server_process:worker.run"
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "place", ["serving.running:Server.shutdown", *(["server:stop_tracing"] if EVERY_STEP else [])]
)
@pytest.mark.own_database
async def test_a_second_signal_ends_a_stop_at_whatever_step(
    place: str, number: str, database_url: str
) -> None:
    arguments = ("serve", f"--database-url={database_url}", f"--port={free_port()}")
    async with signalled(number, place, *arguments) as process:
        assert process.stdout
        async with asyncio.timeout(60):
            while b"Quintet serves" not in await process.stdout.readline():
                pass
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, errors = await ended(process)
    assert code == -signal.Signals[number]
    assert time.monotonic() - began < SECONDS
    assert "Traceback" not in errors


@pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process")
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "place",
    [
        "starting:share_metrics",
        "serving.workers:Workers.run",
        "multiprocessing.context:BaseContext.Pipe",
        "serving.workers:resource_tracker.ensure_running",
        "serving.workers:wait",
        "starting:announce",
    ]
    if EVERY_STEP
    else ["multiprocessing.context:BaseContext.Pipe"],
)
@pytest.mark.own_database
async def test_a_start_of_several_processes_ends_at_whatever_step(
    place: str, number: str, database_url: str
) -> None:
    arguments = ("serve", f"--database-url={database_url}", f"--port={free_port()}", "--workers=2")
    async with signalled(number, place, *arguments) as process:
        code, _, errors = await ended(process)
    stopped = signal.Signals[number]
    assert code in (0, 128 + stopped, -stopped)
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", SIGNALS)
async def test_what_runs_is_answered_although_every_process_is_told(number: str) -> None:
    """As a terminal and a service manager tell all at once, and the parent tells its own besides."""
    async with toy("slow", workers=2, group=True) as running:
        await running.says("serves")
        async with httpx.AsyncClient(timeout=30) as client:
            asking = asyncio.create_task(client.get(f"http://127.0.0.1:{running.port}/"))
            await running.says("slow")
            os.killpg(running.process.pid, signal.Signals[number])
            assert (await asking).text == "answered"
        code, seconds = await running.ends()
    assert code == 0
    assert seconds < SECONDS
