"""`python -m benchmarks`: builds the data, starts the server, measures each row, prints the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.client import WrongAnswer
from benchmarks.data import Scale
from benchmarks.databases import ENGINES, engines_that_answer, filled
from benchmarks.measure import figures_of, numbers
from benchmarks.report import RESULTS, Measured, Section, report
from benchmarks.rows import Row, rows
from benchmarks.server import ServerFailed, serving

CONNECTIONS = (1, 16)
IDLE_LOAD = 0.5


@dataclass(frozen=True)
class Plan:
    rows: Sequence[Row]
    seconds: float
    repeats: int


async def main(given: argparse.Namespace) -> None:
    seconds, repeats = (0.3, 1) if given.quick else (given.seconds, given.repeat)
    if (load := os.getloadavg()[0]) > IDLE_LOAD:
        print(f"The machine is busy (load {load:.1f}): figures will be too high.", file=sys.stderr)
    sections = []
    for engine in [given.database] if given.database else await engines_that_answer():
        print(f"Measuring {engine} ...", file=sys.stderr, flush=True)
        wanted = [row for row in rows(Scale()) if not given.rows or row.key in given.rows]
        sections.append(await _measure(engine, Plan(wanted, seconds, repeats)))
    text = report(sections, repeats, seconds)
    print(text)
    if given.write:
        RESULTS.write_text(text, encoding="utf-8")


async def _measure(engine: str, plan: Plan) -> Section:
    async with filled(engine, Scale()) as database, serving(database.url) as server:
        _apart(server.pid)
        idle = server.resident_megabytes()
        measured, numbered = [], numbers()
        for row in plan.rows:
            print(f"  {row.key}", file=sys.stderr, flush=True)
            figures = {
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
            measured.append(Measured(row, figures))
        busy = server.resident_megabytes()
        return Section(database.title, server.started_in_seconds, idle, busy, measured)


def _apart(server_pid: int) -> None:
    """The server on a core of its own, the client on the others, so that neither hinders the other."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(server_pid, cores[:1])
        os.sched_setaffinity(0, cores[1:])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    keys = [row.key for row in rows(Scale(wide_stores=0))]
    parser.add_argument("--rows", nargs="+", choices=keys, metavar="ROW", help=", ".join(keys))
    parser.add_argument("--repeat", type=int, default=3, help="how often; medians are shown")
    parser.add_argument("--seconds", type=float, default=2.0, help="about how long each time")
    parser.add_argument("--quick", action="store_true", help="once, 0.3 s: does it all run?")
    parser.add_argument("--write", action="store_true", help=f"into benchmarks/{RESULTS.name}")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* (WrongAnswer, ServerFailed) as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
