"""`python -m benchmarks.overhead`: measure the cost of prices and limits for each request.

A normal server and one without them (`benchmarks.unguarded`) receive the same requests alternately, as in
`benchmarks.compare`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from benchmarks.client import WrongAnswer
from benchmarks.compare import compared, held
from benchmarks.databases import ENGINES
from benchmarks.rows import TITLES
from benchmarks.server import ROOT, apart

UNGUARDED, NOTHING_KEPT = "--unguarded", "--nothing-kept"


async def main(given: argparse.Namespace) -> None:
    for kept in ([NOTHING_KEPT], []):
        async with (
            held(ROOT, given.database, UNGUARDED, *kept) as bare,
            held(ROOT, given.database, *kept) as whole,
        ):
            apart(bare.server.pid, whole.server.pid)
            print(
                f"{whole.database.title}, {'nothing kept' if kept else 'answers kept'}:"
                " CPU ms a request, without prices and limits → with them"
            )
            for before, after in zip(bare.rows, whole.rows, strict=True):
                if before.key in given.rows:
                    print(await compared((bare, before), (whole, after), given), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, default="sqlite")
    parser.add_argument("--rows", nargs="+", choices=TITLES, metavar="ROW", default=["R1", "W1"])
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5, help="how often each; medians are shown")
    parser.add_argument("--seconds", type=float, default=2.0, help="about how long each time")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* WrongAnswer as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
