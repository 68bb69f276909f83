"""`python -m benchmarks.soak`: minutes of mixed load; memory, descriptors and latency must stay flat.

Lists, details, searches, whole purchases and subscriptions run in parallel against one server. Figures are
sampled throughout and drawn as an SVG; the last third is compared with the second.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from statistics import median

import websockets

from benchmarks import processes
from benchmarks.client import HOST, Connection, WrongAnswer
from benchmarks.curve import Line, draw
from benchmarks.data import STOREFRONT_KEY, Scale
from benchmarks.databases import ENGINES, filled
from benchmarks.rows import Row, rows
from benchmarks.server import Server, serving
from settings import PREFIX, Settings

KINDS = ("R1", "R2", "R3", "R4", "W1")
SAMPLES = 120
PAUSE_SECONDS = 0.02
SUBSCRIBERS = 20
RESUBSCRIBE_SECONDS = 5.0
# The permitted increases from the second third to the last.
MEMORY_GROWTH, LATENCY_GROWTH, MORE_DESCRIPTORS = 1.10, 1.5, 10
# No client is refused for the cost of its operations.
LIMITS = {
    f"{PREFIX}{each.name.upper()}": "1000000000"
    for each in fields(Settings)
    if each.name.startswith("cost_restore_")
}


@dataclass
class Course:
    """The samples."""

    minutes: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    descriptors: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    requests: int = 0
    latencies: list[float] = field(default_factory=list)

    def grown(self) -> list[str]:
        """Return which figures increased from the second third to the last."""
        found = []
        for name, series, factor, more in (
            ("memory", self.megabytes, MEMORY_GROWTH, 0),
            ("latency", self.milliseconds, LATENCY_GROWTH, 0),
            ("descriptors", self.descriptors, 1.0, MORE_DESCRIPTORS),
        ):
            third = len(series) // 3
            before, after = median(series[third : 2 * third]), median(series[2 * third :])
            if after > before * factor + more:
                found.append(f"{name} {before:.1f} → {after:.1f}")
        return found


async def main(given: argparse.Namespace) -> int:
    course = Course()
    async with (
        filled(given.database, Scale()) as database,
        serving(database.url, **LIMITS) as server,
    ):
        chosen = [row for row in rows(Scale(), STOREFRONT_KEY) if row.key in KINDS]
        working = [
            asyncio.create_task(_work(server, row, course, itertools.count(offset * 100_000)))
            for offset, row in enumerate(chosen)
        ]
        working += [asyncio.create_task(_subscribe(server, course)) for _ in range(SUBSCRIBERS)]
        sampling = asyncio.create_task(_sample(server, course, given.minutes * 60))
        done, _ = await asyncio.wait([sampling, *working], return_when=asyncio.FIRST_COMPLETED)
        for task in (sampling, *working):
            task.cancel()
        await asyncio.wait(working)
        for task in done:
            task.result()
    _report(given, database.title, course)
    return 1 if course.grown() else 0


async def _work(server: Server, row: Row, course: Course, numbers: itertools.count[int]) -> None:
    """Repeat the row's work, and reconnect every 200 times, as clients do."""
    while True:
        async with Connection.to(server.port) as connection:
            for number in itertools.islice(numbers, 200):
                began = time.perf_counter()
                await _once(row, connection, number)
                course.latencies.append((time.perf_counter() - began) * 1000 / row.calls)
                course.requests += row.calls
                await asyncio.sleep(PAUSE_SECONDS)


async def _once(row: Row, connection: Connection, number: int) -> None:
    """Run the row once; sales change the data, so a read is only checked for errors."""
    if not row.requests:
        await row.work(connection, number)
        return
    status, body = await connection.send(row.requests[number % len(row.requests)])
    if status != 200 or b'"errors"' in body:
        raise WrongAnswer(f"{status}: {body[:500]!r}")


async def _subscribe(server: Server, course: Course) -> None:
    """Subscribe to stock, disconnect after a while, and repeat."""
    query = "subscription { stockChanged { available } }"
    while True:
        with suppress(TimeoutError):
            async with (
                websockets.connect(
                    f"ws://{HOST}:{server.port}/graphql",
                    subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
                ) as socket,
                asyncio.timeout(RESUBSCRIBE_SECONDS),
            ):
                payload = {"X-Storefront-Key": STOREFRONT_KEY}
                await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
                await socket.recv()
                message = {"id": "1", "type": "subscribe", "payload": {"query": query}}
                await socket.send(json.dumps(message))
                while True:
                    await socket.recv()
                    course.requests += 1


async def _sample(server: Server, course: Course, seconds: float) -> None:
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        await asyncio.sleep(seconds / SAMPLES)
        latest, course.latencies = course.latencies, []
        course.minutes.append(passed / 60)
        course.megabytes.append(server.resident_megabytes())
        course.descriptors.append(_descriptors(server.pid))
        course.milliseconds.append(median(latest) if latest else 0)


def _descriptors(pid: int) -> int:
    return sum(len(list(Path(f"/proc/{each}/fd").iterdir())) for each in processes.tree(pid))


def _report(given: argparse.Namespace, title: str, course: Course) -> None:
    lines: Sequence[Line] = (
        Line("memory, MB", course.megabytes),
        Line("open descriptors", course.descriptors),
        Line("median latency, ms", course.milliseconds),
    )
    if given.write:
        path = Path(__file__).parent / f"SOAK-{given.database}.svg"
        path.write_text(draw(f"Soak: {title}", course.minutes, lines), encoding="utf-8")
    third = len(course.megabytes) // 3
    for line in lines:
        print(
            f"{line.title}: {median(line.values[:third]):.1f} → {median(line.values[-third:]):.1f}"
        )
    print(f"{course.requests} requests and events; " + (", ".join(course.grown()) or "all flat"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, default="sqlite")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--write", action="store_true", help="draw the curve into benchmarks/")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_arguments())))
