"""What an operation may produce while it runs, and what it has produced so far.

Objects and bytes count as often as they stand in the answer, however often they are built. Past a limit
the meter cancels the task of the operation; whoever runs it asks `error` why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import repeat
from operator import mul
from time import monotonic
from typing import Any

from graphql import GraphQLError

from models.errors import AnswerTooLarge, DeadlineExceeded
from schema.operations.fair_scheduling import Turns

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The most objects and bytes of one answer, and the longest time in seconds to find them."""

    objects: float = NEVER
    bytes: float = NEVER
    seconds: float = NEVER


UNLIMITED = AnswerLimits()


def size_of(value: Any) -> int:
    """About how many bytes a text, or a list or object of a scalar, takes in JSON; 0 for other values."""
    if type(value) is str:
        return len(value) if value.isascii() else 3 * len(value)
    if isinstance(value, dict | list):
        return len(str(value))
    return 0


class HungUp(Exception):
    """The client no longer waits for its answer."""


class Meter:
    """Counts for one operation; `cost` in the units of `schema.cost`, `unreported` errors beyond those kept.

    `ran`: the response keys of the mutations that were begun.
    The clock of a query runs from the beginning, that of a mutation only while its answer is read:
    no deadline ends what changes something. `hung_up` returns when the client has gone. `turns` are those of
    all operations that share an event loop.
    """

    __slots__ = (
        "_alone",
        "_known",
        "_task",
        "_turns",
        "_watching",
        "bytes",
        "cost",
        "deadline",
        "error",
        "hung_up",
        "limits",
        "objects",
        "ran",
        "unreported",
    )

    def __init__(
        self,
        limits: AnswerLimits = UNLIMITED,
        hung_up: Callable[[], Awaitable[None]] | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.limits = limits
        self.hung_up = hung_up
        self.objects = self.bytes = self.cost = self.unreported = 0
        self.ran: list[str] = []
        self._known: set[Hashable] = set()
        self.error: Exception | None = None
        self.deadline = NEVER
        self._task: asyncio.Task[object] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._alone: asyncio.Lock | None = None
        self._turns = turns or Turns()

    def begin(self, *, clock: bool) -> None:
        """Let the current task be the one that is stopped; `clock`: from now on time counts."""
        self._task = asyncio.current_task()
        if clock:
            self.start_clock()

    def end(self) -> None:
        """Stop looking after the operation."""
        self._task = None
        if self._watching is not None:
            self._watching.cancel()

    def start_clock(self) -> None:
        self.deadline = monotonic() + self.limits.seconds

    def stop_clock(self) -> None:
        self.deadline = NEVER

    def begin_change(self, key: str) -> None:
        """Note that a mutation begins. Raises: CancelledError once the meter has stopped."""
        if self.error is not None:
            raise asyncio.CancelledError
        self.ran.append(key)

    def take(self, objects: int, size: int, cost: int = 0) -> None:
        """Count objects, their bytes without texts, and their cost."""
        self.objects += objects
        self.bytes += size
        self.cost += cost
        if self.objects > self.limits.objects or self.bytes > self.limits.bytes:
            self._stop_too_large()

    def take_once(self, what: Hashable, cost: int) -> None:
        """Count a cost, however often it is told of the same."""
        if what not in self._known:
            self._known.add(what)
            self.cost += cost

    def take_texts(self, values: Sequence[Any], weights: Sequence[int] | None) -> None:
        """Count the texts in a column; `weights`: how often each of its cells stands in the answer."""
        try:
            text = "".join(values)
            if weights is None:
                self.bytes += len(text) if text.isascii() else len(text.encode())
            else:
                self.bytes += sum(
                    map(mul, map(len if text.isascii() else size_of, values), weights)
                )
        except (TypeError, UnicodeEncodeError):  # some are no texts
            self.bytes += sum(map(mul, map(size_of, values), weights or repeat(1)))
        if self.bytes > self.limits.bytes:
            self._stop_too_large()

    @property
    def is_due(self) -> bool:
        """Whether somebody else should have the event loop now."""
        if self._task is None:  # nobody looks after this operation
            return False
        return self.error is not None or self._turns.is_spent

    async def breathe(self) -> None:
        """Let everybody else have the event loop. Raises: CancelledError once the meter has stopped."""
        await self._turns.go_on()
        while self.error is not None and self._task is not None:  # noqa: ASYNC110
            await asyncio.sleep(0)  # its cancellation is on its way

    @property
    def alone(self) -> asyncio.Lock:
        """Held by one part of the operation at a time, so that they do not wait in line all at once."""
        if self._alone is None:
            self._alone = asyncio.Lock()
        return self._alone

    def look(self, now: float) -> None:
        """Stop what is past its deadline, and notice when the client goes."""
        if now > self.deadline:
            self.stop(
                DeadlineExceeded(
                    "The answer would have taken longer than {seconds} seconds.",
                    seconds=f"{self.limits.seconds:g}",
                )
            )
        elif self._watching is None and self.hung_up is not None:
            self._watching = asyncio.create_task(self._watch(self.hung_up))

    def stop(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            if self._task is not None:
                self._task.cancel()

    async def stopped(self) -> GraphQLError | None:
        """Take back the cancellation of the task that runs this; answers the error to show, if any.

        Raises: HungUp.
        """
        task, error = self._task, self.error
        if error is None:
            return None
        if task is not None and task.cancelling():
            if task.uncancel() > 0:  # somebody else cancels it, too
                raise asyncio.CancelledError
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # the cancellation may not have arrived yet
        if isinstance(error, HungUp):
            raise error
        told = {"ran": self.ran} if self.ran else None
        return GraphQLError(str(error), original_error=error, extensions=told)

    async def _watch(self, hung_up: Callable[[], Awaitable[None]]) -> None:
        await hung_up()
        self.stop(HungUp())

    def _stop_too_large(self) -> None:
        self.stop(
            AnswerTooLarge(
                "The answer would hold more than {objects} objects or {bytes} bytes.",
                objects=self.limits.objects,
                bytes=self.limits.bytes,
            )
        )


running: ContextVar[Meter] = ContextVar("the meter of the operation that runs")


def spend(cost: int) -> None:
    """Count what a resolver does beyond the price of its field."""
    if meter := running.get(None):
        meter.take(0, 0, cost)
