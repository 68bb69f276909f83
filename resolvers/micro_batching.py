"""Batches of requests whose keys overlap: such requests run together, all others run at once.

A request whose keys are in use waits; when they are released, all waiting requests for them run as one batch.
So no request waits for a clock, a batch is as large as the rush, and a process never queues against itself at
a lock of the database. Orders are placed and payments are settled through `in_one_transaction`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from models.database import brief_transaction

Request = TypeVar("Request")
Outcome = TypeVar("Outcome")
Serve = Callable[[Sequence[Request]], Awaitable[Sequence[Outcome]]]

MOST_TOGETHER = 100
_of_loops: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[Serve[Any, Any], MicroBatches[Any, Any]]
] = WeakKeyDictionary()


async def in_one_transaction(
    work: Serve[Request, Outcome],
    request: Request,
    *,
    shared: frozenset[Hashable],
    exclusive: frozenset[Hashable],
) -> Outcome:
    """Run `work` on this request and on others for the same keys in one brief transaction.

    `work` returns an outcome for each request. `shared` and `exclusive` are those of `MicroBatches.submit`.

    Raises: what `work` raises for this request by itself.
    """
    batches = _of_loops.setdefault(asyncio.get_running_loop(), {})
    if work not in batches:
        batches[work] = MicroBatches(partial(brief_transaction, work))
    return await batches[work].submit(request, shared, exclusive)


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Request, Outcome]):
    request: Request
    shared: frozenset[Hashable]
    exclusive: frozenset[Hashable]
    outcome: asyncio.Future[Outcome]

    @property
    def keys(self) -> frozenset[Hashable]:
        return self.shared | self.exclusive


@dataclass(slots=True, eq=False)
class _Batch(Generic[Request, Outcome]):
    members: list[_Waiting[Request, Outcome]] = field(default_factory=list)
    keys: set[Hashable] = field(default_factory=set)

    def admits(self, waiting: _Waiting[Request, Outcome]) -> bool:
        """Whether the request may run in this batch."""
        return len(self.members) < MOST_TOGETHER and not waiting.exclusive & self.keys

    def add(self, waiting: _Waiting[Request, Outcome]) -> None:
        self.members.append(waiting)
        self.keys |= waiting.keys


class MicroBatches(Generic[Request, Outcome]):
    """The waiting and running requests of one function; `serve` returns an outcome for each of a batch."""

    def __init__(self, serve: Serve[Request, Outcome]) -> None:
        self._serve = serve
        self._waiting: list[_Waiting[Request, Outcome]] = []
        self._in_use: set[Hashable] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(
        self, request: Request, shared: frozenset[Hashable], exclusive: frozenset[Hashable]
    ) -> Outcome:
        """Return the outcome of a request.

        Requests run together if they have a `shared` key in common, never if they have an `exclusive` one.
        A request whose caller is cancelled before its batch begins is dropped.

        Raises: what `serve` raises for this request by itself.
        """
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, shared, exclusive, outcome))
        self._start()
        return await outcome

    def _start(self) -> None:
        """Begin every batch whose keys are free; nothing is awaited here, so the state cannot change."""
        blocked, kept = set(self._in_use), []
        batches: list[_Batch[Request, Outcome]] = []
        for waiting in self._waiting:
            if waiting.outcome.cancelled():
                continue
            together = [batch for batch in batches if batch.keys & waiting.keys]
            if waiting.keys & blocked or len(together) > 1:
                fits = False
            elif together:
                fits = together[0].admits(waiting)
            else:
                batches.append(_Batch())
                together, fits = batches[-1:], True
            if fits:
                together[0].add(waiting)
            else:
                # A later request for the same keys does not overtake this one.
                blocked |= waiting.keys
                kept.append(waiting)
        self._waiting = kept
        for batch in batches:
            self._in_use |= batch.keys
            task = asyncio.create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, batch: _Batch[Request, Outcome]) -> None:
        try:
            await self._serve_each(batch.members)
        finally:
            self._in_use -= batch.keys
            self._start()

    async def _serve_each(self, members: Sequence[_Waiting[Request, Outcome]]) -> None:
        """Serve all members at once, or one by one where that fails."""
        try:
            outcomes = await self._serve([each.request for each in members])
        except Exception as error:  # noqa: BLE001 - the caller of the request gets it
            if len(members) == 1:
                if not members[0].outcome.done():
                    members[0].outcome.set_exception(error)
                return
            for each in members:
                await self._serve_each([each])
            return
        for each, outcome in zip(members, outcomes, strict=True):
            if not each.outcome.done():
                each.outcome.set_result(outcome)
