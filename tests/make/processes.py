"""Server processes and what stands beside them in production, started as a user starts them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from settings import Settings
from tests.make.api import Api

ROOT = Path(__file__).parents[2]
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
POOLED_CONNECTIONS = 4
PATIENCE_SECONDS = 60


@dataclass
class Process:
    """One server process, as a user starts it; `variables` are settings of its environment."""

    settings: Settings
    variables: Mapping[str, str] = field(default_factory=dict)
    tree: Path = ROOT
    running: asyncio.subprocess.Process | None = field(default=None, init=False)

    command: ClassVar[Sequence[str]] = ("serve", "--port={port}")

    async def start(self) -> None:
        self.running = await asyncio.create_subprocess_exec(
            sys.executable,
            "cli.py",
            *(each.format(port=self.settings.port) for each in self.command),
            f"--database-url={self.settings.database_url}",
            cwd=self.tree,
            env={**os.environ, "QUINTET_LOG_LEVEL": "error", **self.variables},
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def ready(self) -> None:
        """Wait until it is."""
        url = f"http://127.0.0.1:{self.settings.port}/health/ready"
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(url)).status_code == 200:
                        return
                except httpx.TransportError:
                    assert self.running is not None
                    assert self.running.returncode is None, "the server process ended"
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def _end(self, by: signal.Signals) -> None:
        if self.running is not None:
            if self.running.returncode is None:
                self.running.send_signal(by)
            await self.running.wait()


@asynccontextmanager
async def process(settings: Settings, **variables: str) -> AsyncIterator[Api]:
    """A server process of its own, and a client of it."""
    server = Process(settings, variables)
    await server.start()
    try:
        async with httpx.AsyncClient(
            base_url=settings.base_url,
            timeout=120,
            # A connection that was kept may be closed by the server just as it is used again.
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=0),
        ) as client:
            await server.ready()
            yield Api(client, settings)
    finally:
        await server.stop()


@asynccontextmanager
async def pgbouncer(database_url: str, port: int, folder: Path) -> AsyncIterator[str]:
    """A PgBouncer in transaction mode before the database, with few connections; its URL."""
    assert PGBOUNCER is not None
    url = urlsplit(database_url)
    users = folder / "users.txt"
    users.write_text(f'"{url.username}" "{url.password or ""}"\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        "[databases]\n"
        f"* = host={url.hostname} port={url.port or 5432}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\n"
        f"pool_mode = transaction\ndefault_pool_size = {POOLED_CONNECTIONS}\n"
    )
    # It refuses to run as root.
    command = [PGBOUNCER, "--quiet", str(configuration)]
    if os.geteuid() == 0:
        command[1:1] = ["--user", "nobody"]
        for path in (folder, configuration, users):
            shutil.chown(path, "nobody")
    running = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    pooled = urlunsplit(url._replace(netloc=f"{url.username}@127.0.0.1:{port}"))
    try:
        await _until_connected(pooled)
        yield pooled
    finally:
        running.terminate()
        await running.wait()


async def _until_connected(url: str) -> None:
    for _ in range(600):
        try:
            connection = await asyncpg.connect(url, statement_cache_size=0)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return
    pytest.fail(f"nothing answers at {url}")
