"""`python -m benchmarks.loop.watched EXECUTOR serve …`: `cli.py` with measurements of its event loop.

A line on stdin starts a new measurement; a line of JSON on stdout describes the previous one. The clock is
the CPU time of the loop's own thread, which other processes do not affect.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from asyncio.events import Handle
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import uvicorn

import cli
from schema.execution.executor import CompiledExecutor

ROOT = str(Path(__file__).resolve().parents[2])
LOOK_SECONDS = 0.004
OWN = ("benchmarks", ".venv", "site-packages")


class Watch:
    """The longest step of the loop, and where its thread was meanwhile."""

    def __init__(self) -> None:
        self.steps = 0
        self.began: float | None = None
        self.longest = self.wall = self.collecting = 0.0
        self.where: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.collected = self._collection_began = 0.0
        self.thread = threading.get_ident()

    def run(self, handle: Handle, step: Any) -> None:
        if threading.get_ident() != self.thread:
            step(handle)
            return
        cpu, self.began, self.collected, self.seen = (
            time.thread_time(),
            time.perf_counter(),
            0.0,
            Counter(),
        )
        step(handle)
        took = time.thread_time() - cpu
        self.steps += 1
        if took > self.longest:
            self.longest, self.wall = took, time.perf_counter() - self.began
            self.collecting = self.collected
            self.where = self.seen or Counter([_callback_name(handle)])
        self.began = None

    def collection(self, phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() == self.thread:
            if phase == "start":
                self._collection_began = time.thread_time()
            else:
                took = time.thread_time() - self._collection_began
                self.collected += took
                self.seen[f"collection of generation {info['generation']}"] += round(
                    took / LOOK_SECONDS
                )

    def look(self) -> None:
        """Sample the loop's thread from another thread, without end."""
        while True:
            time.sleep(LOOK_SECONDS)
            began = self.began
            if began is not None and time.perf_counter() - began > 2 * LOOK_SECONDS:
                self.seen[_location(sys._current_frames().get(self.thread))] += 1

    def read(self) -> dict[str, Any]:
        found = {
            "cpu_ms": self.longest * 1000,
            "wall_ms": self.wall * 1000,
            "gc_ms": self.collecting * 1000,
            "steps": self.steps,
            "where": [name for name, _ in self.where.most_common(3)],
        }
        self.longest, self.wall, self.steps, self.where = 0.0, 0.0, 0, Counter()
        return found


def _callback_name(handle: Handle) -> str:
    task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
    if isinstance(task, asyncio.Task):
        return str(getattr(task.get_coro(), "__qualname__", task))
    return str(getattr(handle._callback, "__qualname__", "a callback"))  # type: ignore[attr-defined]


def _location(frame: Any) -> str:
    """Return the innermost function of this project and the function that it calls."""
    called = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(ROOT) and not any(each in name for each in OWN):
            own = f"{name[len(ROOT) + 1 :]}:{frame.f_code.co_name}"
            return f"{own} → {called}" if called else own
        called = called or f"{Path(name).stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return called


def _answer(watch: Watch, output: TextIO) -> None:
    for _ in sys.stdin:
        print(json.dumps(watch.read()), file=output, flush=True)


def main(executor: str, *arguments: str) -> int:
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the server's output goes to stderr
    watch, step = Watch(), Handle._run  # type: ignore[attr-defined]
    Handle._run = lambda handle: watch.run(handle, step)  # type: ignore[attr-defined]
    uvicorn.Config.get_loop_factory = lambda self: asyncio.SelectorEventLoop  # type: ignore[assignment,method-assign]
    if executor == "core":
        CompiledExecutor._plan = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    gc.callbacks.append(watch.collection)
    threading.Thread(target=watch.look, daemon=True).start()
    threading.Thread(target=_answer, args=(watch, output), daemon=True).start()
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
