"""A process that measures the waits of ordinary clients during an attack and kills a server that grows too
large.

`python -m benchmarks.attacks.watcher PORT PID MEGABYTES` reads the base64 bytes of a request from the first
line of stdin, watches until stdin ends, then writes one line of JSON: the longest waits in milliseconds and
the peak in megabytes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks import processes
from benchmarks.attacks.sending import exchange
from benchmarks.client import request

EVERY_SECONDS = 0.02
PATIENCE_SECONDS = 60
LIVE = request("GET", "/health/live", {"Connection": "close"})


@dataclass
class Seen:
    """The observations of ordinary clients."""

    live_ms: float = 0
    query_ms: float = 0
    peak_megabytes: float = 0
    unanswered: int = 0
    asked: int = 0
    killed: str = ""


async def main(port: int, pid: int, megabytes: float) -> None:
    seen = Seen()
    ordinary = base64.b64decode(sys.stdin.readline())
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    live = Ping(port, LIVE)
    query = Ping(port, ordinary)
    watching = [
        asyncio.create_task(live.forever()),
        asyncio.create_task(query.forever()),
        asyncio.create_task(_weigh(seen, pid, megabytes)),
    ]
    await ended
    seen.live_ms, seen.query_ms = live.longest_ms(), query.longest_ms()
    seen.asked, seen.unanswered = live.asked + query.asked, live.unanswered + query.unanswered
    print(json.dumps(asdict(seen)), flush=True)
    os._exit(0 if watching else 1)  # without waiting for running requests


@dataclass
class Ping:
    """Repeats a request; a request still in progress counts with its time so far."""

    port: int
    request: bytes
    longest: float = 0
    began: float = 0
    asked: int = 0
    unanswered: int = 0

    async def forever(self) -> None:
        while True:
            self.began = time.perf_counter()
            reply = await exchange(self.port, self.request, PATIENCE_SECONDS, 0)
            self.longest = max(self.longest, time.perf_counter() - self.began)
            self.began = 0
            self.asked += 1
            self.unanswered += reply.status == 0 or reply.status >= 500
            await asyncio.sleep(EVERY_SECONDS)

    def longest_ms(self) -> float:
        waiting = time.perf_counter() - self.began if self.began else 0
        return max(self.longest, waiting) * 1000


async def _weigh(seen: Seen, pid: int, megabytes: float) -> None:
    while not seen.killed:
        try:
            resident = processes.resident_megabytes(processes.tree(pid))
        except (FileNotFoundError, ProcessLookupError):
            return
        seen.peak_megabytes = max(seen.peak_megabytes, resident)
        if resident > megabytes:
            os.kill(pid, signal.SIGKILL)
            seen.killed = f"killed at {resident:.0f} MB"
        await asyncio.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
