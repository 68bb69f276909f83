"""`python -m benchmarks.hold ENGINE`: fills a database, serves it, says where, until its input is closed.

With `--nothing-kept` the server keeps nothing, with `--unguarded` it has neither prices nor limits. One line
of JSON tells `benchmarks.compare`, which starts this in two trees. It may run in a tree of another revision,
with that revision's own `data.py`.
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
