"""The database goes away, or falls silent, at every step of start and stop: the process ends and says why."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.conftest import free_port
from tests.make.databases import POSTGRES
from tests.make.signals import EVERY_STEP, ended, signalled
from tests.make.wires import Wire, wire_to

pytestmark = [
    pytest.mark.skipif(not POSTGRES, reason="a file does not go away"),
    pytest.mark.own_database,
]
SECONDS = 50  # of a machine that is busy; a start waits for 10, closing takes up to 15
START = ("starting:check", "starting:pending", "starting:ensure_platform", "server:make_app")


async def cut(wire: Wire) -> None:
    await wire.cut()


async def silence(wire: Wire) -> None:
    wire.silence()


@asynccontextmanager
async def listening(happens: Callable[[], object]) -> AsyncIterator[int]:
    """A port; whoever comes gets a byte once this has happened."""

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await happens()  # type: ignore[misc]
        writer.write(b"x")
        writer.close()

    server = await asyncio.start_server(come, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("command", "place", "fault"),
    [
        *(("serve", place, fault) for place in START for fault in (cut, silence) if EVERY_STEP),
        *(("worker", "starting:check", fault) for fault in (cut, silence) if EVERY_STEP),
        *([] if EVERY_STEP else [("serve", "starting:check", silence)]),
    ],
)
async def test_a_start(command: str, place: str, fault: object, database_url: str) -> None:
    options = [f"--port={free_port()}"] if command == "serve" else []
    async with wire_to(database_url) as (wire, url), listening(lambda: fault(wire)) as port:
        arguments = (command, f"--database-url={url}", *options)
        began = time.monotonic()
        async with signalled(str(port), place, *arguments) as process:
            code, said, errors = await ended(process)
    assert time.monotonic() - began < SECONDS
    assert code == 2
    assert "serves" not in said
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("PostgreSQL at 127.0.0.1:")


@pytest.mark.parametrize("fault", [cut, silence])
@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.skipif(not EVERY_STEP, reason="make crash-matrix")
async def test_a_stop(command: str, fault: object, database_url: str) -> None:
    options = [f"--port={free_port()}"] if command == "serve" else []
    async with (
        wire_to(database_url) as (wire, url),
        signalled(
            "SIGTERM", "os:getloadavg", command, f"--database-url={url}", *options
        ) as process,
    ):
        assert process.stdout
        line = b"serves" if command == "serve" else b"Working"
        async with asyncio.timeout(60):
            while line not in await process.stdout.readline():
                pass
        await asyncio.sleep(1)
        await fault(wire)  # type: ignore[operator]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, errors = await ended(process)
    assert code == 0
    assert time.monotonic() - began < SECONDS
    assert "Traceback" not in errors
