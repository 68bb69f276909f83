"""Following changes: what came since a sequence, then what comes, with no gap and nothing twice.

Each process reads new changes once, for all its subscribers, and keeps the latest in memory. A subscriber
is only a position: one that falls behind what is kept reads from the database until it has caught up.
What many of them look up alike is looked up once (`shared`), and they are woken some at a time, so that
requests are answered in between.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import structlog

from models.errors import InvalidInput
from models.outbox import OutboxEvent
from models.tables.bulk import chunks
from resolvers.background.outbox import (
    changes_after,
    give_sequences,
    last_sequence,
    refuse_forgotten,
    unnumbered,
)
from resolvers.background.repeated_failures import RepeatedFailures
from resolvers.context import Context
from resolvers.single_flight_cache import Answers

if TYPE_CHECKING:
    from gateways import Bus

POLL_SECONDS = 1.0
GATHER_SECONDS = 0.02  # the first change is read at once, what follows closely is read together
KEPT = 2_000
BATCH = 100
WOKEN = 20  # subscribers at a time
T = TypeVar("T")
_failures = RepeatedFailures(structlog.get_logger(__name__))


async def subscribe(
    ctx: Context,
    topics: Sequence[str],
    after: int | None,
    wanted: Callable[[OutboxEvent], bool],
) -> AsyncGenerator[OutboxEvent, None]:
    """Each change on `topics` (none: on all) that is `wanted`: those after sequence `after`, then new ones.

    Without `after` it begins with what is announced from now on.
    """
    async with aclosing(batches(ctx, topics, after)) as stream:
        async for events in stream:
            for event in events:
                if wanted(event):
                    yield event


async def batches(
    ctx: Context, topics: Sequence[str], after: int | None
) -> AsyncGenerator[Sequence[OutboxEvent], None]:
    """The same changes as they become known, several at a time; never an empty batch.

    Raises: InvalidInput for a position yet to come, Expired when what comes after it is no longer kept.
    """
    async with _listening(ctx.gateways.bus) as hub:
        # Looked up first: whoever subscribes and then acts must hear of it.
        known = await unnumbered() if after is None else frozenset()
        position = await _start(after)
        while True:
            events, position, more = await _next(hub, topics, position)
            if fresh := [each for each in events if each.id not in known]:
                yield fresh
            elif not more and not events:
                await hub.beyond(position)


async def _start(after: int | None) -> int:
    last = await last_sequence()
    if after is not None and after > last:
        raise InvalidInput("There is no such sequence yet.", path=("after",))
    return last if after is None else max(0, after)


async def shared(ctx: Context, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """What `read` answers, as of the latest change known here; all who ask for `key` ask once."""
    hub = hubs.get(ctx.gateways.bus)
    return await (hub.answers.get(key, read) if hub else read())


class Hub:
    """What this process knows of the latest changes: a window of `KEPT` that follows the sequence."""

    def __init__(self, bus: Bus) -> None:
        self.answers = Answers()
        self.subscribers = 0
        self.task: asyncio.Task[None] | None = None
        self._bus = bus
        self._events: list[OutboxEvent] = []
        self._before: int | None = None  # the sequence before the first event that is kept
        self._waiting: dict[asyncio.Future[None], None] = {}
        self.position = 0

    @property
    def waiting(self) -> int:
        """How many subscribers wait for news."""
        return len(self._waiting)

    def since(self, position: int) -> Sequence[OutboxEvent] | None:
        """Some of the changes after `position`, or None when they are no longer (or not yet) kept."""
        if self._before is None or position < self._before:
            return None
        start = bisect_right(self._events, position, key=_sequence)
        return self._events[start : start + BATCH]

    async def beyond(self, position: int) -> None:
        """Until changes after `position` are known."""
        while self.position <= position:
            news = asyncio.get_running_loop().create_future()
            self._waiting[news] = None
            try:
                await news
            finally:
                self._waiting.pop(news, None)

    async def follow(self) -> None:
        """Read what is announced, for as long as anybody subscribes."""
        while True:
            # The wait begins before the reading, so that a wake in between is not lost.
            woken = asyncio.create_task(self._bus.wait(POLL_SECONDS))
            try:
                await self._read()
                await asyncio.sleep(GATHER_SECONDS)
                await woken
            except Exception as error:  # noqa: BLE001 - logged, and tried again
                _failures.log("read", error, "changes could not be read")
                await asyncio.sleep(POLL_SECONDS)
            finally:
                woken.cancel()

    async def _read(self) -> None:
        await give_sequences()
        if self._before is None:
            self._before = self.position = await last_sequence()
            await self._tell()
        while events := await changes_after(self.position, (), KEPT // 2):
            self._events += events
            self.position = _sequence(events[-1])
            if surplus := self._events[:-KEPT]:
                self._before = _sequence(surplus[-1])
                del self._events[: len(surplus)]
            self.answers.forget()
            await self._tell()

    async def _tell(self) -> None:
        """Wake those who wait, some at a time, so that requests are answered in between."""
        waiting, self._waiting = list(self._waiting), {}
        for some in chunks(waiting, WOKEN):
            for news in some:
                if not news.done():
                    news.set_result(None)
            await asyncio.sleep(0)


hubs: dict[Bus, Hub] = {}
"""Of each bus that somebody subscribes to."""


@asynccontextmanager
async def _listening(bus: Bus) -> AsyncIterator[Hub]:
    """The process's hub, which runs from the first subscriber to the last."""
    hub = hubs.setdefault(bus, Hub(bus))
    hub.subscribers += 1
    if hub.task is None:
        hub.task = asyncio.create_task(hub.follow())
    try:
        yield hub
    finally:
        hub.subscribers -= 1
        if hub.subscribers == 0:
            hubs.pop(bus, None)
            hub.task.cancel()
            await asyncio.wait([hub.task])


async def _next(
    hub: Hub, topics: Sequence[str], position: int
) -> tuple[Sequence[OutboxEvent], int, bool]:
    """The next changes on `topics`, the position after them, and whether more may be there already."""
    kept = hub.since(position)
    if kept is not None:
        if not kept:
            return (), position, False
        on_topic = [each for each in kept if not topics or each.topic in topics]
        return on_topic, _sequence(kept[-1]), True
    upto = hub.position
    events = await changes_after(position, topics, BATCH)
    await refuse_forgotten(position)
    if len(events) == BATCH:
        return events, _sequence(events[-1]), True
    # All up to where the hub was before the reading is read; nothing on other topics is owed.
    reached = max(upto, _sequence(events[-1]) if events else position)
    return events, reached, reached > position


def _sequence(event: OutboxEvent) -> int:
    return event.sequence or 0
