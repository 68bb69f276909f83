"""`python -m benchmarks.compare REV`: measure this tree and another revision alternately.

Each has its own server and database on the same cores. The same requests go to both alternately, so that
other load on the machine affects both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.client import WrongAnswer
from benchmarks.data import Scale
from benchmarks.databases import ENGINES, Database, backends_of, engines_that_answer
from benchmarks.measure import Figures, driving, measured_once, medians, numbers
from benchmarks.purchase import PAID_ORDERS
from benchmarks.rows import TITLES, Row, rows
from benchmarks.server import ROOT, Server, apart
from models.config import sqlite_path


@dataclass(frozen=True)
class Side:
    """A running server, its database, and the rows to measure."""

    server: Server
    database: Database
    rows: Sequence[Row]


async def main(given: argparse.Namespace) -> None:
    async with _worktree(given.revision) as tree:
        options = ["--nothing-kept"] if given.nothing_kept else []
        for engine in [given.database] if given.database else await engines_that_answer():
            async with (
                held(tree, engine, *options) as old,
                held(ROOT, engine, *options) as new,
            ):
                apart(old.server.pid, new.server.pid)
                print(f"{new.database.title}: CPU ms a request, {given.revision} → this tree")
                for before, after in zip(old.rows, new.rows, strict=True):
                    if not given.rows or before.key in given.rows:
                        print(await compared((old, before), (new, after), given), flush=True)


async def compared(old: tuple[Side, Row], new: tuple[Side, Row], given: argparse.Namespace) -> str:
    """Return one line: the CPU time of a row on each side, and their ratio."""
    counted = numbers()
    async with AsyncExitStack() as stack:
        drives = [
            await stack.enter_async_context(
                driving(row, side.server, given.connections, given.seconds, counted)
            )
            for side, row in (old, new)
        ]
        measured: list[list[Figures]] = [[], []]
        for _ in range(given.repeat):
            for (side, _), drive, found in zip((old, new), drives, measured, strict=True):
                found.append(await measured_once(drive, side.server, side.database))
    before, after = (medians(found) for found in measured)
    return (
        f"{old[1].key:4}  {before.server_cpu_ms:7.2f} + {before.database_cpu_ms:5.2f}"
        f"  → {after.server_cpu_ms:7.2f} + {after.database_cpu_ms:5.2f}"
        f"   × {after.cpu_ms / before.cpu_ms:.2f}"
    )


@asynccontextmanager
async def _worktree(revision: str) -> AsyncIterator[Path]:
    """Check out the revision with this tree's benchmarks, except `data.py`, which depends on the tables."""
    with tempfile.TemporaryDirectory(prefix="quintet-compare-") as folder:
        tree = Path(folder) / "tree"
        await _git("worktree", "add", "--detach", str(tree), revision)
        try:
            for path in Path(__file__).parent.glob("*.py"):
                if path.name != "data.py":
                    shutil.copy(path, tree / "benchmarks" / path.name)
            yield tree
        finally:
            await _git("worktree", "remove", "--force", str(tree))


async def _git(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("git", *arguments, cwd=ROOT)
    if await process.wait():
        raise WrongAnswer(f"git {' '.join(arguments)} failed")


@asynccontextmanager
async def held(tree: Path, engine: str, *options: str) -> AsyncIterator[Side]:
    """Start a server of the tree with a filled database: see `benchmarks.hold`. Raises: WrongAnswer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.hold", engine, *options),
        cwd=tree,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not (line := await process.stdout.readline()):
            raise WrongAnswer(f"{tree} could not be served")
        yield _side(json.loads(line))
    finally:
        process.stdin.close()
        await process.wait()


def _side(found: dict[str, str | int | float]) -> Side:
    url, key = str(found["url"]), found["storefront_key"]

    async def paid() -> int:
        if url.startswith("sqlite://"):
            connection = sqlite3.connect(sqlite_path(url))
            return int(connection.execute(PAID_ORDERS).fetchone()[0])
        remote = await asyncpg.connect(url)
        try:
            return int(await remote.fetchval(PAID_ORDERS))
        finally:
            await remote.close()

    return Side(
        Server(int(found["pid"]), int(found["port"]), float(found["started_in_seconds"])),
        Database(str(found["title"]), url, backends_of(url)),
        rows(Scale(), str(key) if key else None, paid),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("revision", help="a commit, branch or tag to compare with")
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    parser.add_argument("--rows", nargs="+", choices=TITLES, metavar="ROW", help=", ".join(TITLES))
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5, help="how often each; medians are shown")
    parser.add_argument("--nothing-kept", action="store_true", help="work out every answer")
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long each time")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* WrongAnswer as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
