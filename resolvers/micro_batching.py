"""Requests that want the same things wait for each other and then go together; all others go at once.

Whoever finds a thing in use waits until it is free; by then others wait for it too, and all of them go in one
batch. So nothing waits for a clock, a rush is served in batches as large as it is, and a process never queues
against itself at a lock of the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

Request = TypeVar("Request")
Outcome = TypeVar("Outcome")
Serve = Callable[[Sequence[Request]], Awaitable[Sequence[Outcome]]]

MOST_TOGETHER = 100
_of_loops: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[Serve[Any, Any], MicroBatches[Any, Any]]
] = WeakKeyDictionary()


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Request, Outcome]):
    request: Request
    shared: frozenset[Hashable]
    alone: frozenset[Hashable]
    outcome: asyncio.Future[Outcome]

    @property
    def wants(self) -> frozenset[Hashable]:
        return self.shared | self.alone


@dataclass(slots=True, eq=False)
class _Batch(Generic[Request, Outcome]):
    members: list[_Waiting[Request, Outcome]] = field(default_factory=list)
    wants: set[Hashable] = field(default_factory=set)

    def takes(self, waiting: _Waiting[Request, Outcome]) -> bool:
        """Whether the request may go with this batch."""
        return len(self.members) < MOST_TOGETHER and not waiting.alone & self.wants

    def add(self, waiting: _Waiting[Request, Outcome]) -> None:
        self.members.append(waiting)
        self.wants |= waiting.wants


class MicroBatches(Generic[Request, Outcome]):
    """`serve` does the work of a batch, and answers an outcome for each of its requests."""

    def __init__(self, serve: Serve[Request, Outcome]) -> None:
        self._serve = serve
        self._waiting: list[_Waiting[Request, Outcome]] = []
        self._in_use: set[Hashable] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def go(
        self, request: Request, shared: frozenset[Hashable], alone: frozenset[Hashable]
    ) -> Outcome:
        """Have a request served: with others that want something `shared`, with none for the same `alone`.

        One whose caller leaves before its turn is dropped.

        Raises: what `serve` raises for this request by itself.
        """
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, shared, alone, outcome))
        self._start()
        return await outcome

    def _start(self) -> None:
        """Begin every batch that can go now; nothing is awaited, so nobody can come in between."""
        blocked, kept = set(self._in_use), []
        batches: list[_Batch[Request, Outcome]] = []
        for waiting in self._waiting:
            if waiting.outcome.cancelled():
                continue
            together = [batch for batch in batches if batch.wants & waiting.wants]
            if waiting.wants & blocked or len(together) > 1:
                fits = False
            elif together:
                fits = together[0].takes(waiting)
            else:
                batches.append(_Batch())
                together, fits = batches[-1:], True
            if fits:
                together[0].add(waiting)
            else:
                # Who comes later does not overtake whoever waits for the same.
                blocked |= waiting.wants
                kept.append(waiting)
        self._waiting = kept
        for batch in batches:
            self._in_use |= batch.wants
            task = asyncio.create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, batch: _Batch[Request, Outcome]) -> None:
        try:
            await self._settle(batch.members)
        finally:
            self._in_use -= batch.wants
            self._start()

    async def _settle(self, members: Sequence[_Waiting[Request, Outcome]]) -> None:
        try:
            outcomes = await self._serve([each.request for each in members])
        except Exception as error:  # noqa: BLE001 - it is raised to whom it belongs
            if len(members) == 1:
                if not members[0].outcome.done():
                    members[0].outcome.set_exception(error)
                return
            for each in members:
                await self._settle([each])
            return
        for each, outcome in zip(members, outcomes, strict=True):
            if not each.outcome.done():
                each.outcome.set_result(outcome)


def micro_batches_of(serve: Serve[Request, Outcome]) -> MicroBatches[Request, Outcome]:
    """Those of the running event loop that this function serves."""
    lanes = _of_loops.setdefault(asyncio.get_running_loop(), {})
    return lanes.get(serve) or lanes.setdefault(serve, MicroBatches(serve))
