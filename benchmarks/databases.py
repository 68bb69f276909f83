"""A separate database for each run, migrated and filled, and the CPU time of its backends."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from tortoise.backends.base.executor import EXECUTOR_CACHE

from benchmarks.data import Scale, fill
from benchmarks.processes import cpu_seconds
from models import database
from models.migrating import migrate

ENGINES = ("sqlite", "postgres")
DEFAULT_SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Database:
    """A database; `backends` returns the processes that serve it, none for an embedded one."""

    title: str
    url: str
    backends: Callable[[], Awaitable[list[int]]]

    async def cpu_seconds(self) -> float:
        return cpu_seconds(await self.backends())


def postgres_server() -> str:
    return os.environ.get("QUINTET_TEST_DATABASE_URL") or DEFAULT_SERVER


async def engines_that_answer() -> list[str]:
    try:
        connection = await asyncpg.connect(postgres_server(), timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        print("PostgreSQL does not answer: measuring SQLite alone.", file=sys.stderr)
        return ["sqlite"]
    await connection.close()
    return list(ENGINES)


@asynccontextmanager
async def filled(engine: str, scale: Scale) -> AsyncIterator[Database]:
    """Provide a filled database, connected in this process and dropped at the end."""
    async with empty(engine) as made:
        await fill(scale)
        yield made


@asynccontextmanager
async def empty(engine: str) -> AsyncIterator[Database]:
    """Provide a migrated database without rows."""
    async with sqlite() if engine == "sqlite" else postgres() as made:
        # Tortoise keeps its INSERT statements by connection name, also for another engine's dialect.
        EXECUTOR_CACHE.clear()
        await database.connect(made.url)
        try:
            await migrate()
            yield made
        finally:
            await database.close()


@asynccontextmanager
async def sqlite() -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory(prefix="quintet-benchmark-") as folder:
        title = f"SQLite {sqlite3.sqlite_version}"
        url = f"sqlite://{Path(folder) / 'benchmark.db'}"
        yield Database(title, url, backends_of(url))


@asynccontextmanager
async def postgres() -> AsyncIterator[Database]:
    server, name = postgres_server(), f"quintet_benchmark_{uuid.uuid4().hex[:12]}"
    control = await asyncpg.connect(server)
    try:
        version = (await control.fetchval("SHOW server_version")).split()[0]
        await control.execute(f'CREATE DATABASE "{name}"')
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        yield Database(f"PostgreSQL {version}", url, backends_of(url))
    finally:
        await control.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await control.close()


def backends_of(database_url: str) -> Callable[[], Awaitable[list[int]]]:
    """Return a function that returns the processes that serve a database."""
    url = urlsplit(database_url)

    async def backends() -> list[int]:
        if url.scheme == "sqlite":
            return []
        control = await asyncpg.connect(postgres_server())
        try:
            rows = await control.fetch(
                "SELECT pid FROM pg_stat_activity WHERE datname = $1", url.path.lstrip("/")
            )
        finally:
            await control.close()
        return [row["pid"] for row in rows]

    return backends
