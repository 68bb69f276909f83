"""Looks after operations that run for longer than a moment: deadlines, and clients that hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from graphql import ExecutionResult

from schema.execution.meter import Meter, running

T = TypeVar("T")

# How often it looks: so long an operation may run before anything is done for it at all.
MOMENT_SECONDS = 0.05


class Supervisor:
    """One for all operations of an application: a timer of their own would cost each of them more."""

    def __init__(self) -> None:
        self._meters: set[Meter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changing: set[asyncio.Task[Any]] = set()

    @contextmanager
    def over(self, meter: Meter, *, clock: bool) -> Iterator[None]:
        """Let the current task be stopped by this meter; `clock`: time counts from now on."""
        meter.begin(clock=clock)
        token = running.set(meter)
        self._meters.add(meter)
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(MOMENT_SECONDS, self._look)
        try:
            yield
        finally:
            running.reset(token)
            self._meters.discard(meter)
            meter.end()

    async def run(
        self, work: Awaitable[ExecutionResult], meter: Meter, *, clock: bool
    ) -> ExecutionResult:
        """Return what `work` comes to, or the error of the meter that ended it. Raises: HungUp."""
        with self.over(meter, clock=clock):
            try:
                result = await work
            except asyncio.CancelledError:
                if meter.error is None:
                    raise
                result = ExecutionResult(None, None)
            error = await meter.stopped()
        return ExecutionResult(None, [error]) if error else result

    async def to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what changes something, whether or not whoever waits for it is cancelled."""
        task = asyncio.create_task(work)
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for what changes something."""
        if self._changing:
            await asyncio.wait(set(self._changing))

    def _look(self) -> None:
        now = monotonic()
        try:
            for meter in list(self._meters):
                meter.look(now)
        finally:
            if self._meters and self._loop is not None:
                self._loop.call_later(MOMENT_SECONDS, self._look)
            else:
                self._loop = None
