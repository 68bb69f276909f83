"""Starting and stopping as an operator sees it: the reason comes last, and nothing is left hanging."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from models import database
from models.jobs import Job
from resolvers.background.jobs import enqueue, run_due
from resolvers.context import Context
from tests.conftest import free_port
from tests.make.databases import POSTGRES
from tests.make.wires import hanging, wire_to

ROOT = Path(__file__).parents[1]
ADDRESS = "Quintet serves GraphQL"


@asynccontextmanager
async def command(*arguments: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "cli.py", *arguments),
        cwd=ROOT,
        env={**os.environ, "QUINTET_LOG_LEVEL": "warning", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, list[str]]:
    """Exit code, what was said, and the lines of errors."""
    async with asyncio.timeout(40):
        said, errors = await process.communicate()
    return process.returncode, said.decode(), errors.decode().splitlines()


async def says(process: asyncio.subprocess.Process, what: str, *, in_log: bool = False) -> None:
    assert process.stdout
    assert process.stderr
    stream = process.stderr if in_log else process.stdout
    async with asyncio.timeout(40):
        while line := await stream.readline():
            if what in line.decode():
                return
    pytest.fail((await process.stderr.read()).decode())


async def test_a_port_in_use_ends_the_start_even_while_redis_hangs(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with (
            hanging() as redis,
            command(
                "serve", f"--port={port}", f"--database-url={database_url}", QUINTET_REDIS_URL=redis
            ) as process,
        ):
            code, said, errors = await ended(process)
    assert code == 2
    assert ADDRESS not in said
    assert errors[-1].startswith(f"Another process listens on 127.0.0.1:{port} already")


@pytest.mark.own_database
async def test_a_server_without_redis_serves_degraded_and_stops(database_url: str) -> None:
    port = free_port()
    async with (
        hanging() as redis,
        command(
            "serve", f"--port={port}", f"--database-url={database_url}", QUINTET_REDIS_URL=redis
        ) as process,
    ):
        await says(process, ADDRESS)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            async with asyncio.timeout(30):
                while (ready := await client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert ready.json()["status"] == "degraded"
            assert ready.json()["checks"]["redis"] == "no answer"
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code, _, errors = await ended(process)
    assert code == 0
    assert time.monotonic() - began < 12
    assert len(errors) <= 3, errors


@pytest.mark.parametrize("serving", ["serve", "worker"])
async def test_a_spoilt_database_ends_the_start(serving: str, tmp_path: Path) -> None:
    path = tmp_path / "quintet.db"
    path.write_bytes(b"this is a text, and no database" * 100)
    port = [f"--port={free_port()}"] if serving == "serve" else []
    async with command(serving, f"--database-url=sqlite://{path}", *port) as process:
        code, said, errors = await ended(process)
    assert (code, said) == (2, "")
    damaged = f"The file {path} is damaged, or no SQLite database: file is not a database."
    assert errors == [f"{damaged} Restore a backup."]


@pytest.mark.skipif(not POSTGRES, reason="a file does not fall silent")
@pytest.mark.own_database
async def test_a_start_that_waits_for_the_database_can_be_stopped(database_url: str) -> None:
    async with wire_to(database_url) as (wire, url):
        wire.silence()
        async with command("serve", f"--port={free_port()}", f"--database-url={url}") as process:
            await asyncio.sleep(1.5)
            process.send_signal(signal.SIGTERM)
            code, said, _ = await ended(process)
    assert code in (128 + signal.SIGTERM, -signal.SIGTERM)
    assert ADDRESS not in said


async def test_others_cannot_reach_a_development_server_unasked(database_url: str) -> None:
    arguments = ("serve", "--host=0.0.0.0", f"--port={free_port()}")
    async with command(*arguments, f"--database-url={database_url}") as process:
        code, said, errors = await ended(process)
    assert (code, said) == (2, "")
    assert errors[-1].startswith("QUINTET_ENVIRONMENT is not set, and others could reach")


@pytest.mark.own_database
async def test_a_worker_says_how_it_is_and_logs_as_it_is_told(database_url: str) -> None:
    port = free_port()
    async with (
        hanging() as redis,
        command(
            "worker",
            f"--database-url={database_url}",
            QUINTET_WORKER_PORT=str(port),
            QUINTET_LOG_FORMAT="json",
            QUINTET_LOG_LEVEL="info",
            QUINTET_REDIS_URL=redis,
        ) as process,
    ):
        await says(process, "Working", in_log=True)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.get("/health/ready")).status_code == 200
            assert "quintet_" in (await client.get("/metrics")).text
            assert (await client.get("/graphql")).status_code == 404
            async with asyncio.timeout(20):
                while await live_events(client) == "ok":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert (await live_events(client)).startswith("interrupted")
        process.send_signal(signal.SIGTERM)
        code, _, errors = await ended(process)
    assert code == 0
    assert all(isinstance(orjson.loads(line), dict) for line in errors), errors


async def live_events(client: httpx.AsyncClient) -> str:
    state: str = (await client.get("/health/ready")).json()["checks"]["live events"]
    return state


@pytest.mark.parametrize("serving", ["serve", "worker"])
@pytest.mark.own_database
async def test_logs_for_machines_hold_no_plain_line(serving: str, database_url: str) -> None:
    said = ADDRESS if serving == "serve" else "Working."
    arguments = ["--demo", f"--port={free_port()}"] if serving == "serve" else []
    variables = {"QUINTET_LOG_FORMAT": "json", "QUINTET_LOG_LEVEL": "info"}
    async with command(
        serving, f"--database-url={database_url}", *arguments, **variables
    ) as process:
        assert process.stderr
        lines: list[bytes] = []
        async with asyncio.timeout(60):
            while not any(said.encode() in line for line in lines):
                lines.append(await process.stderr.readline())
                assert lines[-1]
        process.send_signal(signal.SIGTERM)
        code, printed, errors = await ended(process)
    assert (code, printed) == (0, "")
    logged = [orjson.loads(line) for line in (*lines, *errors)]
    assert [each["level"] for each in logged if said in each["event"]] == ["info"]


async def test_a_job_that_is_interrupted_is_given_back(ctx: Context) -> None:
    began = asyncio.Event()

    async def endless(ctx: Context, payload: dict[str, object]) -> None:
        began.set()
        await asyncio.Event().wait()

    async def plan(number: int) -> None:
        await enqueue(ctx, "endless", {"number": number})

    for number in range(3):
        await database.transaction(plan, number)
    working = asyncio.create_task(run_due(ctx, {"endless": endless}))
    await began.wait()
    assert await Job.filter(locked_until__isnull=True).count() == 0
    working.cancel()
    await asyncio.wait([working])
    assert await Job.filter(kind="endless", locked_until__isnull=True).count() == 3


@pytest.mark.own_database
@pytest.mark.parametrize("serving", ["serve", "worker"])
async def test_production_does_not_start_with_a_demo(serving: str, database_url: str) -> None:
    keys = {"QUINTET_DATA_KEYS": "new:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
    async with command("seed", f"--database-url={database_url}", **keys) as process:
        assert (await ended(process))[0] == 0
    production = {"QUINTET_ENVIRONMENT": "production", "QUINTET_SECRET_KEY": "k-7Q" * 12, **keys}
    port = [f"--port={free_port()}"] if serving == "serve" else []
    async with command(serving, f"--database-url={database_url}", *port, **production) as process:
        code, said, errors = await ended(process)
    assert (code, said) == (2, "")
    assert "The database holds public credentials of the demo" in errors[-1]
    async with command("seed", f"--database-url={database_url}", **production) as process:
        code, said, errors = await ended(process)
    assert (code, said) == (2, "")
    assert errors[-1].endswith("it is not for production.")
