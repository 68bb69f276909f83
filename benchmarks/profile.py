"""`python -m benchmarks.profile ROW`: draw a flame graph of the server's CPU time for a row.

Source: py-spy, which samples the running process from outside.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.client import WrongAnswer
from benchmarks.data import STOREFRONT_KEY, Scale
from benchmarks.databases import ENGINES, filled
from benchmarks.measure import driving, numbers
from benchmarks.rows import TITLES, rows
from benchmarks.server import NOTHING_KEPT, ServerFailed, apart, serving

FOLDER = Path(__file__).with_name("profiles")
CONNECTIONS = 4
SAMPLES_PER_SECOND = 500


async def main(given: argparse.Namespace) -> None:
    (row,) = (each for each in rows(Scale(), STOREFRONT_KEY) if each.key == given.row)
    path = FOLDER / f"{row.key}-{given.database}.svg"
    FOLDER.mkdir(exist_ok=True)
    variables = NOTHING_KEPT if given.nothing_kept else {}
    async with (
        filled(given.database, Scale()) as database,
        serving(database.url, **variables) as server,
    ):
        apart(server.pid)
        async with driving(row, server, CONNECTIONS, given.seconds, numbers()) as drive:
            await asyncio.gather(drive(), _record(server.pid, given.seconds, path))
    print(f"{row.title}: {path}")


async def _record(pid: int, seconds: float, path: Path) -> None:
    """Sample the process. Raises: WrongAnswer when py-spy may not attach to it."""
    options = ("--pid", str(pid), "--duration", str(max(1, round(seconds))))
    options += ("--rate", str(SAMPLES_PER_SECOND), "--output", str(path))
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("py-spy")),
        *("record", "--nonblocking", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise WrongAnswer(f"py-spy could not sample the server: {output.decode()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("row", choices=TITLES, help="one of the table's rows")
    parser.add_argument("--database", choices=ENGINES, default="sqlite")
    parser.add_argument("--nothing-kept", action="store_true", help="work out every answer")
    parser.add_argument("--seconds", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* (WrongAnswer, ServerFailed) as failures:
        sys.exit(f"No profile: {failures.exceptions[0]}")
