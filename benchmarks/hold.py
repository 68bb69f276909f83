"""`python -m benchmarks.hold ENGINE`: fill a database and serve it until stdin is closed.

With `--nothing-kept` the server caches nothing; with `--unguarded` it has neither prices nor limits. One
line of JSON describes the server to `benchmarks.compare`, which starts this module in two trees. It also
runs in a tree of another revision, with that revision's own `data.py`.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks import data
from benchmarks.databases import filled
from benchmarks.server import NOTHING_KEPT, serving


async def main(engine: str, *options: str) -> None:
    variables = NOTHING_KEPT if "--nothing-kept" in options else {}
    program = ("-m", "benchmarks.unguarded") if "--unguarded" in options else ("cli.py",)
    async with (
        filled(engine, data.Scale()) as database,
        serving(database.url, program=program, **variables) as server,
    ):
        found = {
            "title": database.title,
            "url": database.url,
            "pid": server.pid,
            "port": server.port,
            "started_in_seconds": server.started_in_seconds,
            "storefront_key": getattr(data, "STOREFRONT_KEY", None),
        }
        print(json.dumps(found), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
