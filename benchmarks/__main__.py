"""`python -m benchmarks`: fill a database, start the server, measure each row, print the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.client import WrongAnswer
from benchmarks.data import STOREFRONT_KEY, Scale
from benchmarks.databases import ENGINES, Database, engines_that_answer, filled
from benchmarks.floors import floors
from benchmarks.measure import Figures, figures_of, numbers
from benchmarks.report import RESULTS, Measured, Section, report
from benchmarks.rows import BARE, TITLES, Row, rows
from benchmarks.server import NOTHING_KEPT, Server, ServerFailed, apart, serving
from benchmarks.statements import statements

CONNECTIONS = (1, 16)
IDLE_LOAD = 0.5


@dataclass(frozen=True)
class Plan:
    rows: Sequence[Row]
    seconds: float
    repeats: int


async def main(given: argparse.Namespace) -> None:
    seconds, repeats = (1.0, 1) if given.quick else (given.seconds, given.repeat)
    if (load := os.getloadavg()[0]) > IDLE_LOAD:
        print(f"The machine is busy (load {load:.1f}): figures will be too high.", file=sys.stderr)
    sections = []
    for engine in [given.database] if given.database else await engines_that_answer():
        print(f"Measuring {engine} ...", file=sys.stderr, flush=True)
        chosen = rows(Scale(), STOREFRONT_KEY)
        wanted = [row for row in chosen if not given.rows or row.key in given.rows]
        sections.append(await _measure(engine, Plan(wanted, seconds, repeats)))
    text = report(sections, repeats, seconds)
    print(text)
    if given.write:
        RESULTS.write_text(text, encoding="utf-8")


async def _measure(engine: str, plan: Plan) -> Section:
    async with filled(engine, Scale()) as database:
        bare = await floors(database, Scale())
        numbered = numbers()
        # Measured before the purchases, which change the stock.
        async with serving(database.url, **NOTHING_KEPT) as forgetful:
            apart(forgetful.pid)
            reading = [row for row in plan.rows if row.requests and row.key != BARE]
            anew = await _figures(plan, reading, forgetful, database, numbered)
        async with serving(database.url) as server:
            apart(server.pid)
            idle = server.resident_megabytes()
            figures = await _figures(plan, plan.rows, server, database, numbered)
            busy = server.resident_megabytes()
        counted = await statements(database, plan.rows, numbered)
    measured = [
        Measured(
            row,
            figures[row.key],
            bare.get(row.key),
            counted.get(row.key),
            anew.get(row.key),
        )
        for row in plan.rows
    ]
    return Section(database.title, server.started_in_seconds, idle, busy, measured)


async def _figures(
    plan: Plan, rows: Sequence[Row], server: Server, database: Database, numbered: Iterator[int]
) -> dict[str, dict[int, Figures]]:
    """Return figures by row and number of connections."""
    found: dict[str, dict[int, Figures]] = {}
    for row in rows:
        print(f"  {row.key}", file=sys.stderr, flush=True)
        found[row.key] = {
            connections: await figures_of(
                row,
                server,
                database,
                connections,
                seconds=plan.seconds,
                repeats=plan.repeats,
                numbers=numbered,
            )
            for connections in CONNECTIONS
        }
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    parser.add_argument("--rows", nargs="+", choices=TITLES, metavar="ROW", help=", ".join(TITLES))
    parser.add_argument("--repeat", type=int, default=3, help="how often; medians are shown")
    parser.add_argument("--seconds", type=float, default=2.0, help="about how long each time")
    parser.add_argument("--quick", action="store_true", help="once, 1 s: does it all run?")
    parser.add_argument("--write", action="store_true", help=f"into benchmarks/{RESULTS.name}")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* (WrongAnswer, ServerFailed) as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
