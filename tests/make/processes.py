"""Server processes and what stands beside them in production, started as a user starts them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from settings import Settings
from tests.make.api import Api

ROOT = Path(__file__).parents[2]
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
POOLED_CONNECTIONS = 4


@asynccontextmanager
async def process(settings: Settings, **variables: str) -> AsyncIterator[Api]:
    """A server process of its own; `variables` are the settings that it reads from its environment."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "cli.py",
        "serve",
        f"--port={settings.port}",
        f"--database-url={settings.database_url}",
        cwd=ROOT,
        env={**os.environ, "QUINTET_LOG_LEVEL": "error", **variables},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(
            base_url=settings.base_url,
            timeout=120,
            # A connection that was kept may be closed by the server just as it is used again.
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=0),
        ) as client:
            await _until_ready(client)
            yield Api(client, settings)
    finally:
        running.terminate()
        await running.wait()


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


async def _until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the server process did not come up")


async def _until_connected(url: str) -> None:
    for _ in range(100):
        try:
            connection = await asyncpg.connect(url, statement_cache_size=0)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return
    pytest.fail(f"nothing answers at {url}")
