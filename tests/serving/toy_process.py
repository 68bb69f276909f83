"""A server process of a toy application, to be sent signals: `python toy_process.py PORT WORKERS HANGS…`.

HANGS name the steps that never end: opening, request, closing. With `failing` it cannot open; with `slow` a
request takes a moment.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from serving.application import Application
from serving.listening import listen_on
from serving.running import Interrupted, Server, Timing, run, serve
from serving.stopping import Signals
from serving.workers import Workers

TIMING = Timing(shutdown=5 if "slow" in sys.argv else 0.5)
PORT, WORKERS, HANGS = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def hang(step: str) -> None:
    if step in HANGS:
        say(step)
        await asyncio.sleep(600)


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    await hang("opening")
    if "failing" in HANGS:
        raise ValueError("nothing can be opened")
    try:
        yield
    finally:
        await hang("closing")
        say("closed")


async def toy(scope: Any, receive: Any, send: Any) -> None:
    await hang("request")
    if "slow" in HANGS:
        say("slow")
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"answered"})


def serve_one(sockets: Sequence[Any], started: Callable[[], None]) -> int:
    async def work(signals: Signals) -> None:
        application = Application(toy, lifespan)
        server = Server(application, TIMING, max_message_bytes=1_000, announce=started)
        await serve(server, sockets, signals)

    try:
        run(work, TIMING.patience, has_parent=WORKERS > 1)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    except ValueError:
        return 3
    return 0


if __name__ == "__main__":
    listeners = listen_on("127.0.0.1", PORT)
    announce = partial(say, "serves")
    if WORKERS == 1:
        raise SystemExit(serve_one(listeners, announce))
    raise SystemExit(
        Workers(WORKERS, serve_one, listeners, patience_seconds=10, announce=announce).run()
    )
