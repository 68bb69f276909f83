"""Running a row: so many times, over so many connections, and what it cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count, islice
from statistics import median, quantiles

from benchmarks.client import Connection
from benchmarks.databases import Database
from benchmarks.rows import Row, Work
from benchmarks.server import Server

WARM_UP_TIMES = 20
FEWEST, MOST = 20, 20_000


@dataclass(frozen=True)
class Figures:
    """Of one row at one number of connections; times in milliseconds a request or purchase."""

    times: int
    server_cpu_ms: float
    database_cpu_ms: float
    per_second: float
    p50_ms: float
    p95_ms: float


async def figures_of(
    row: Row,
    server: Server,
    database: Database,
    connections: int,
    *,
    seconds: float,
    repeats: int,
    numbers: Iterator[int],
) -> Figures:
    """The median of each figure over the repeats, each about so many seconds long."""
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(Connection.to(server.port)) for _ in range(connections)
        ]
        await _drive(row.work, opened, islice(numbers, WARM_UP_TIMES))
        began = time.perf_counter()
        await _drive(row.work, opened, islice(numbers, WARM_UP_TIMES))
        rate = WARM_UP_TIMES / (time.perf_counter() - began)
        times = max(FEWEST, min(MOST, round(rate * seconds)))
        measured = [
            await _measured(row.work, opened, list(islice(numbers, times)), server, database)
            for _ in range(repeats)
        ]
    if row.after:
        await row.after()
    return _medians(measured)


async def _measured(
    work: Work, opened: list[Connection], numbers: list[int], server: Server, database: Database
) -> Figures:
    database_before, server_before = await database.cpu_seconds(), server.cpu_seconds()
    began = time.perf_counter()
    latencies = await _drive(work, opened, iter(numbers))
    elapsed = time.perf_counter() - began
    server_cpu = server.cpu_seconds() - server_before
    database_cpu = await database.cpu_seconds() - database_before
    times, centiles = len(numbers), quantiles(latencies, n=100)
    return Figures(
        times=times,
        server_cpu_ms=server_cpu * 1000 / times,
        database_cpu_ms=database_cpu * 1000 / times,
        per_second=times / elapsed,
        p50_ms=centiles[49] * 1000,
        p95_ms=centiles[94] * 1000,
    )


async def _drive(work: Work, opened: list[Connection], numbers: Iterator[int]) -> list[float]:
    """Every connection takes the next number until there is none; answers each time's seconds."""
    latencies: list[float] = []

    async def go(connection: Connection) -> None:
        for number in numbers:
            began = time.perf_counter()
            await work(connection, number)
            latencies.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(go(connection))
    return latencies


def _medians(measured: list[Figures]) -> Figures:
    names = ("server_cpu_ms", "database_cpu_ms", "per_second", "p50_ms", "p95_ms")
    return Figures(
        times=measured[0].times,
        **{name: median(getattr(each, name) for each in measured) for name in names},
    )


def numbers() -> Iterator[int]:
    """Numbers for a whole run, so that no purchase is made twice."""
    return count()
