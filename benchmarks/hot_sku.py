"""`python -m benchmarks.hot_sku`: many buyers of one SKU at once, and how fast one SKU can be sold."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks.client import Connection, WrongAnswer
from benchmarks.data import Scale
from benchmarks.databases import ENGINES, engines_that_answer, filled
from benchmarks.measure import Figures, figures_of, numbers
from benchmarks.purchase import CALLS, Buyers, paid_orders
from benchmarks.rows import Row
from benchmarks.server import ServerFailed, serving
from models.database import fetch

VARIANT = 1
PLENTY = 1_000_000
CONNECTIONS = 16


@dataclass(frozen=True)
class Rush:
    paid: int
    refused: int
    seconds: float


async def main(given: argparse.Namespace) -> None:
    for engine in [given.database] if given.database else await engines_that_answer():
        workers = 1 if engine == "sqlite" else given.workers
        rush = await rush_of(engine, given.buyers, given.stock, workers)
        figures = await rate_of(engine, given.seconds, workers)
        print(
            f"{engine}, {workers} server process(es): {given.buyers} buyers of {given.stock} pieces:"
            f" {rush.paid} paid, {rush.refused} refused in {rush.seconds:.1f} s.\n"
            f"  One SKU over {CONNECTIONS} connections: {figures.per_second:.0f} purchases a second,"
            f" p95 {figures.p95_ms:.0f} ms, CPU {figures.server_cpu_ms:.1f} ms in the server and"
            f" {figures.database_cpu_ms:.1f} ms in the database each.",
            flush=True,
        )


async def rush_of(engine: str, buyers: int, stock: int, workers: int) -> Rush:
    """All buyers at once, each through the whole purchase. Raises: WrongAnswer when oversold."""
    crowd = Buyers(buyers)
    async with (
        filled(engine, _one_sku(stock, buyers)) as database,
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


async def rate_of(engine: str, seconds: float, workers: int) -> Figures:
    """One SKU that never runs out."""
    crowd = Buyers(members=200)

    async def work(connection: Connection, number: int) -> None:
        await crowd.buy(connection, number, VARIANT)

    async def after() -> None:
        await _check(crowd, crowd.paid, PLENTY)

    row = Row("hot", "one SKU", work, CALLS, after)
    async with (
        filled(engine, _one_sku(PLENTY, crowd.members)) as database,
        serving(database.url, workers) as server,
    ):
        return await figures_of(
            row, server, database, CONNECTIONS, seconds=seconds, repeats=1, numbers=numbers()
        )


async def _check(crowd: Buyers, sold: int, stock: int) -> None:
    """The buyers, the orders and the stock must tell the same story. Raises: WrongAnswer."""
    (level,) = await fetch(
        "SELECT available, held, committed FROM stock_level WHERE variant_id = ?", VARIANT
    )
    expected = {"available": stock - sold, "held": 0, "committed": sold}
    if (crowd.paid, await paid_orders(), level) != (sold, sold, expected):
        raise WrongAnswer(f"{crowd}, {await paid_orders()} orders are paid, stock is {level}")


def _one_sku(pieces: int, members: int) -> Scale:
    return Scale(1, variants=1, stores=1, pieces=pieces, wide_stores=0, members=members)


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
