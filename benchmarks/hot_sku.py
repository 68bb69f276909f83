"""`python -m benchmarks.hot_sku`: measure the sales rate of one SKU with many buyers, and of a thousand
SKUs.

For comparison, the bare conditional update of the same levels is measured, each committed by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from benchmarks.client import Connection, WrongAnswer
from benchmarks.data import Scale, member_token
from benchmarks.databases import ENGINES, engines_that_answer, filled
from benchmarks.measure import Figures, figures_of, numbers
from benchmarks.purchase import CALLS, Buyers, paid_orders
from benchmarks.rows import Row
from benchmarks.server import ServerFailed, serving
from models.database import fetch

VARIANT = 1
PLENTY = 1_000_000
CONNECTIONS = 16
CROWD = 64
MANY_SKUS = 1_000
_DECREMENT = (
    "UPDATE stock_level SET available = available - 1 WHERE variant_id = {} AND available >= 1"
)


@dataclass(frozen=True)
class Rush:
    paid: int
    refused: int
    seconds: float


async def main(given: argparse.Namespace) -> None:
    for engine in [given.database] if given.database else await engines_that_answer():
        workers = 1 if engine == "sqlite" else given.workers
        rush = await rush_of(engine, given.buyers, given.stock, workers)
        print(
            f"{engine}, {workers} server process(es): {given.buyers} buyers of {given.stock} pieces:"
            f" {rush.paid} paid, {rush.refused} refused in {rush.seconds:.1f} s.",
            flush=True,
        )
        for skus in (1, MANY_SKUS):
            for title, placed_only in (("purchases", False), ("placed orders", True)):
                figures = await rate_of(engine, given.seconds, workers, skus, placed_only)
                print(f"  {_said(skus, title, figures)}", flush=True)
            bare = await bare_rate(engine, given.seconds, skus)
            print(f"  {skus} SKU(s): {bare:.0f} bare updates a second", flush=True)


def _said(skus: int, title: str, figures: Figures) -> str:
    return (
        f"{skus} SKU(s): {figures.per_second:.0f} {title} a second, p95 {figures.p95_ms:.0f} ms, CPU"
        f" {figures.server_cpu_ms:.1f} ms in the server, {figures.database_cpu_ms:.1f} in the database"
    )


async def rush_of(engine: str, buyers: int, stock: int, workers: int) -> Rush:
    """Run all buyers at once, each through a whole purchase. Raises: WrongAnswer when oversold."""
    crowd = Buyers(buyers)
    async with (
        filled(engine, _skus(1, stock, buyers)) as database,
        serving(database.url, workers) as server,
        AsyncExitStack() as stack,
    ):
        opened = [
            await stack.enter_async_context(Connection.to(server.port)) for _ in range(buyers)
        ]
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, connection in enumerate(opened):
                group.create_task(crowd.buy(connection, number, VARIANT))
        seconds = time.perf_counter() - began
        await _check(crowd, min(stock, buyers), stock)
    return Rush(crowd.paid, crowd.refused, seconds)


async def rate_of(
    engine: str, seconds: float, workers: int, skus: int, placed_only: bool
) -> Figures:
    """Measure whole purchases, or only placed orders, of this many SKUs that never sell out."""
    crowd = Buyers(members=200)

    async def work(connection: Connection, number: int) -> None:
        variant = number % skus + 1
        if not placed_only:
            await crowd.buy(connection, number, variant)
        elif not await crowd._place(connection, variant, _token(crowd, number), f"only-{number}"):
            raise WrongAnswer("refused")

    async def after() -> None:
        if not placed_only and skus == 1:
            await _check(crowd, crowd.paid, PLENTY)

    row = Row("hot", "hot SKU", work, CALLS, after)
    async with (
        filled(engine, _skus(skus, PLENTY, crowd.members)) as database,
        serving(database.url, workers) as server,
    ):
        connections = CROWD if placed_only else CONNECTIONS
        return await figures_of(
            row, server, database, connections, seconds=seconds, repeats=1, numbers=numbers()
        )


async def bare_rate(engine: str, seconds: float, skus: int) -> float:
    """Return the committed updates a second of one row of the table, the upper bound."""
    async with filled(engine, _skus(skus, PLENTY, 1)) as database:
        if engine == "sqlite":
            path = database.url.removeprefix("sqlite://")
            return await asyncio.to_thread(_bare_sqlite, path, seconds, skus)
        done = await asyncio.gather(
            *(_bare_postgres(database.url, seconds, skus, n) for n in range(CONNECTIONS))
        )
        return sum(done) / seconds


def _bare_sqlite(path: str, seconds: float, skus: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA synchronous=FULL")
    until, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        connection.execute(_DECREMENT.format("?"), (done % skus + 1,))
        done += 1
    connection.close()
    return done / seconds


async def _bare_postgres(url: str, seconds: float, skus: int, first: int) -> int:
    connection = await asyncpg.connect(url)
    until, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        await connection.execute(_DECREMENT.format("$1"), (first * 61 + done) % skus + 1)
        done += 1
    await connection.close()
    return done


def _token(crowd: Buyers, number: int) -> str:
    return member_token(number % crowd.members + 1)


async def _check(crowd: Buyers, sold: int, stock: int) -> None:
    """Compare the buyers, the orders and the stock. Raises: WrongAnswer when they disagree."""
    (level,) = await fetch(
        "SELECT available, held, committed FROM stock_level WHERE variant_id = ?", VARIANT
    )
    expected = {"available": stock - sold, "held": 0, "committed": sold}
    if (crowd.paid, await paid_orders(), level) != (sold, sold, expected):
        raise WrongAnswer(f"{crowd}, {await paid_orders()} orders are paid, stock is {level}")


def _skus(count: int, pieces: int, members: int) -> Scale:
    return Scale(count, variants=1, stores=1, pieces=pieces, wide_stores=0, members=members)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hot_sku", description=__doc__)
    parser.add_argument("--database", choices=ENGINES)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--stock", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1, help="server processes on PostgreSQL")
    parser.add_argument("--seconds", type=float, default=3.0)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* (WrongAnswer, ServerFailed) as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
