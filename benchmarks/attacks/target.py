"""The server under attack, started as a user starts it and always stopped at the end."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.attacks.sending import exchange
from benchmarks.client import request
from benchmarks.databases import Database
from benchmarks.server import ROOT, environment, free_port

START_SECONDS = 90
STOP_SECONDS = 15
RECOVERY_SECONDS = 10
MEGABYTES = 3_000
READY = request("GET", "/health/ready", {"Connection": "close"})
LIVE = request("GET", "/health/live", {"Connection": "close"})


class NotStarted(Exception):
    """The server did not become ready; the message is the end of its output."""


@dataclass(frozen=True)
class Victim:
    """A database, the arguments of its server, and a request of ordinary clients."""

    name: str
    database: Database
    arguments: tuple[str, ...]
    ordinary: bytes
    storefront_key: str
    merchant: str


@dataclass
class Target:
    """One running server. `folder` is for the files that the server writes."""

    victim: Victim
    port: int
    process: asyncio.subprocess.Process
    log: Path
    folder: Path
    watched: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def cpu_seconds(self) -> float:
        """Return the CPU seconds of the server and its database backends."""
        with suppress(FileNotFoundError, ProcessLookupError):
            own = processes.cpu_seconds(processes.tree(self.pid))
            return own + await self.victim.database.cpu_seconds()
        return 0.0

    async def recovers(self) -> float | None:
        """Return the seconds until it responds to another client again; None if it does not."""
        began = time.perf_counter()
        while self.alive and time.perf_counter() - began < RECOVERY_SECONDS:
            if (await exchange(self.port, LIVE, RECOVERY_SECONDS)).status == 200:
                return time.perf_counter() - began
            await asyncio.sleep(0.1)
        return None

    async def stop(self) -> float:
        """Stop the server and return the seconds from SIGTERM to its end."""
        began = time.perf_counter()
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        return time.perf_counter() - began


@asynccontextmanager
async def started(victim: Victim, **variables: str) -> AsyncIterator[Target]:
    """Start a server and wait until it is ready. Raises: NotStarted."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="quintet-attack-") as name:
        folder = Path(name)
        log = folder / "server.log"
        own = {
            "QUINTET_LOG_LEVEL": "info",
            "QUINTET_SMS_OUTBOX": str(folder / "sms.jsonl"),
            "QUINTET_FILES_FOLDER": str(folder / "files"),
        }
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("cli.py", "serve", "--port", str(port), *victim.arguments),
                cwd=ROOT,
                env=environment(victim.database.url) | own | variables,
                stdout=output,
                stderr=output,
            )
        target = Target(victim, port, process, log, folder)
        try:
            await _ready(target)
            yield target
        finally:
            await target.stop()


@asynccontextmanager
async def watched(target: Target) -> AsyncIterator[None]:
    """Watch the target in this context and store the observations in `target.watched`."""
    watcher = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.attacks.watcher", str(target.port), str(target.pid), str(MEGABYTES)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert watcher.stdin is not None
    watcher.stdin.write(base64.b64encode(target.victim.ordinary) + b"\n")
    await asyncio.sleep(0.6)  # until the watcher sends requests
    try:
        yield
    finally:
        watcher.stdin.close()
        output, _ = await asyncio.wait_for(watcher.communicate(), 10)
        target.watched = json.loads(output)


async def _ready(target: Target) -> None:
    began = time.perf_counter()
    while (await exchange(target.port, READY, 5)).status != 200:
        if not target.alive or time.perf_counter() - began > START_SECONDS:
            raise NotStarted(target.log.read_text(errors="replace")[-300:])
        await asyncio.sleep(0.05)
