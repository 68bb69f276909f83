"""Running a row over a number of connections, and its cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from statistics import median, quantiles

from benchmarks import wrk
from benchmarks.client import Connection
from benchmarks.databases import Database
from benchmarks.rows import Row, Work
from benchmarks.server import Server
from benchmarks.wrk import Driven

WARM_UP_TIMES = 20
FEWEST, MOST = 20, 20_000
Drive = Callable[[], Awaitable[Driven]]


@dataclass(frozen=True)
class Figures:
    """The figures of one row at one number of connections, in milliseconds a request or purchase."""

    times: int
    server_cpu_ms: float
    database_cpu_ms: float
    per_second: float
    p50_ms: float
    p95_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.server_cpu_ms + self.database_cpu_ms


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
    """Return the median of each figure over the repeats, each about `seconds` long."""
    async with driving(row, server, connections, seconds, numbers) as drive:
        measured = [await measured_once(drive, server, database) for _ in range(repeats)]
    if row.after:
        await row.after()
    return medians(measured)


@asynccontextmanager
async def driving(
    row: Row, server: Server, connections: int, seconds: float, numbers: Iterator[int]
) -> AsyncIterator[Drive]:
    """Provide a function that runs the row for about `seconds`, after checking each response once."""
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(Connection.to(server.port)) for _ in range(connections)
        ]
        warm_up = max(WARM_UP_TIMES, len(row.requests))
        await _drive(row.work, opened, islice(numbers, warm_up))
        warm = await _drive(row.work, opened, islice(numbers, warm_up))
        rate = warm.times / warm.seconds
        if row.requests and wrk.is_installed():
            # wrk does not count requests in progress at its end, so they must be few in comparison.
            span = max(seconds, FEWEST * connections / rate)
            yield lambda: wrk.drive(row.requests, server.port, connections, span)
        else:
            times = max(FEWEST, min(MOST, round(rate * seconds)))
            yield lambda: _drive(row.work, opened, islice(numbers, times))


async def measured_once(drive: Drive, server: Server, database: Database) -> Figures:
    database_before, server_before = await database.cpu_seconds(), server.cpu_seconds()
    driven = await drive()
    server_cpu = server.cpu_seconds() - server_before
    database_cpu = await database.cpu_seconds() - database_before
    return Figures(
        times=driven.times,
        server_cpu_ms=server_cpu * 1000 / driven.times,
        database_cpu_ms=database_cpu * 1000 / driven.times,
        per_second=driven.times / driven.seconds,
        p50_ms=driven.p50 * 1000,
        p95_ms=driven.p95 * 1000,
    )


async def _drive(work: Work, opened: list[Connection], numbers: Iterator[int]) -> Driven:
    """Let every connection process the next number until there is none."""
    latencies: list[float] = []

    async def go(connection: Connection) -> None:
        for number in numbers:
            began = time.perf_counter()
            await work(connection, number)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(go(connection))
    centiles = quantiles(latencies, n=100)
    return Driven(len(latencies), time.perf_counter() - began, centiles[49], centiles[94])


def medians(measured: list[Figures]) -> Figures:
    names = ("server_cpu_ms", "database_cpu_ms", "per_second", "p50_ms", "p95_ms")
    return Figures(
        times=measured[0].times,
        **{name: median(getattr(each, name) for each in measured) for name in names},
    )


def numbers() -> Iterator[int]:
    """Return the numbers of a whole run, so that no purchase is repeated."""
    return count()
