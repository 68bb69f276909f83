"""The number of SQL statements of each row without caches, counted on the wire to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.client import Connection, WrongAnswer
from benchmarks.databases import Database
from benchmarks.rows import Row
from benchmarks.server import NOTHING_KEPT, serving
from benchmarks.wire import tapped

WARM_UP_TIMES = 3
TIMES = 5


@dataclass(frozen=True)
class Statements:
    """The numbers for one run: statements that do something, and BEGIN, COMMIT and the like."""

    statements: float
    framing: float


async def statements(
    database: Database, rows: Sequence[Row], numbers: Iterator[int]
) -> Mapping[str, Statements]:
    """Return the numbers by row; none for SQLite."""
    if database.url.startswith("sqlite://"):
        return {}
    counted = {}
    async with (
        tapped(database.url) as wire,
        serving(wire.url, **NOTHING_KEPT) as server,
        Connection.to(server.port) as connection,
    ):
        for row in rows:
            once = partial(_once, row, connection, numbers)
            for _ in range(WARM_UP_TIMES):
                await once()
            statements, framing = wire.statements, wire.framing
            for _ in range(TIMES):
                await once()
            counted[row.key] = Statements(
                (wire.statements - statements) / TIMES, (wire.framing - framing) / TIMES
            )
    return counted


async def _once(row: Row, connection: Connection, numbers: Iterator[int]) -> None:
    """Run the row once; purchases have changed the stock, so a read is only checked for errors."""
    if not row.requests:
        await row.work(connection, next(numbers))
        return
    status, body = await connection.send(row.requests[next(numbers) % len(row.requests)])
    if status != 200 or b'"errors":' in body:
        raise WrongAnswer(body[:2000].decode(errors="replace"))
