"""The server under measurement, started as a user starts it, on loopback and a free port."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from benchmarks.client import Connection, operation, request

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 15
# The characters of the server's log that are shown when the measurement fails.
LOG_CHARACTERS = 10_000
FIRST = operation("{ brands { name } }")
READY = request("GET", "/health/ready")
NOTHING_KEPT = {"QUINTET_KEPT_MEGABYTES": "0"}
# One address sends as much as it can: costs are limited for one operation, but not over time.
ANY_RATE = {"QUINTET_COST_BURST_SECONDS": "0"}


class ServerFailed(Exception):
    """The server did not start; the message is its output."""


@dataclass(frozen=True)
class Server:
    """A running server; `started_in_seconds` is the time until its first response."""

    pid: int
    port: int
    started_in_seconds: float

    def cpu_seconds(self) -> float:
        return processes.cpu_seconds(processes.tree(self.pid))

    def resident_megabytes(self) -> float:
        return processes.resident_megabytes(processes.tree(self.pid))


@asynccontextmanager
async def serving(
    database_url: str,
    workers: int = 1,
    program: Sequence[str] = ("cli.py",),
    **variables: str,
) -> AsyncIterator[Server]:
    """Start a server, wait for its first response and until it is ready, and stop it at the end."""
    port = free_port()
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*program, "serve", "--port", str(port), "--workers", str(workers)),
            cwd=ROOT,
            env=environment(database_url) | ANY_RATE | variables,
            stdout=output,
            stderr=output,
        )
        try:
            took = []
            for ask in (FIRST, READY):
                while not await _answers(port, ask):
                    failed = process.returncode is not None
                    if failed or time.perf_counter() - began > START_SECONDS:
                        output.seek(0)
                        raise ServerFailed(output.read().decode())
                    await asyncio.sleep(0.02)
                took.append(time.perf_counter() - began)
            yield Server(process.pid, port, took[0])
        except BaseException:
            output.seek(0)
            sys.stderr.write(output.read().decode()[-LOG_CHARACTERS:])
            raise
        finally:
            await _stop(process)


def apart(*server_pids: int) -> None:
    """Pin servers to one core and this process to the others, so that they do not compete."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for pid in server_pids:
            os.sched_setaffinity(pid, cores[:1])
        os.sched_setaffinity(0, cores[1:])


def environment(database_url: str) -> dict[str, str]:
    """Return the caller's environment, with only those settings of Quintet that the measurement needs."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("QUINTET_")}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's server keeps compiled modules
    return inherited | {
        "QUINTET_DATABASE_URL": database_url,
        "QUINTET_LOG_LEVEL": "error",
        "QUINTET_EMBEDDED_WORKER": "false",
    }


async def _answers(port: int, ask: bytes) -> bool:
    try:
        async with Connection.to(port) as connection:
            status, _ = await connection.send(ask)
            return status == 200
    except (OSError, asyncio.IncompleteReadError):
        return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
