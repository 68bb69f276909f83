from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from models.database import transaction
from models.errors import InvalidInput
from models.outbox import OutboxCounter, OutboxEvent
from resolvers import feed
from resolvers.background.outbox import (
    Change,
    announce,
    changes_after,
    give_sequences,
    last_sequence,
)
from resolvers.context import Context
from tests.make.listening import all_listen
from tests.make.statements import counting

TOPIC = "stock.changed"


def change(number: int, topic: str = TOPIC) -> Change:
    return Change(topic=topic, node_type="StockLevel", node_id=number)


async def say(ctx: Context, *numbers: int, topic: str = TOPIC) -> None:
    await transaction(announce, ctx, [change(number, topic) for number in numbers])


def everything(event: OutboxEvent) -> bool:
    return True


async def collect(stream: AsyncGenerator[OutboxEvent, None], count: int) -> list[OutboxEvent]:
    async with aclosing(stream), asyncio.timeout(60):
        found = []
        async for event in stream:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError("a feed never ends by itself")


async def test_sequences_have_no_gap_and_count_on_across_batches(ctx: Context) -> None:
    for start in range(0, 1200, 400):
        await say(ctx, *range(start, start + 400))
    assert await give_sequences() == 1200
    assert await give_sequences() == 0
    await say(ctx, 7)
    assert await give_sequences() == 1
    assert await last_sequence() == 1201
    found = await changes_after(0, (), 2000)
    assert [event.sequence for event in found] == list(range(1, 1202))
    assert [event.node_id for event in found] == [*range(1200), 7]


async def test_many_who_number_at_once_number_each_change_once(ctx: Context) -> None:
    await asyncio.gather(*(say(ctx, number) for number in range(30)))
    await asyncio.gather(*(give_sequences() for _ in range(8)))
    found = await changes_after(0, ())
    assert [event.sequence for event in found] == list(range(1, 31))
    assert await OutboxCounter.all().count() == 1


async def test_numbering_costs_the_same_however_much_there_is(ctx: Context) -> None:
    await say(ctx, 1)
    await give_sequences()
    counts = []
    for size in (2, 300):
        await say(ctx, *range(size))
        with counting() as statements:
            await give_sequences()
        counts.append(len(statements))
    assert counts == [4, 4]


async def test_what_was_rolled_back_is_never_told(ctx: Context) -> None:
    async def fail() -> None:
        await announce(ctx, [change(1)])
        raise RuntimeError("nothing of this happened")

    with pytest.raises(RuntimeError):
        await transaction(fail)
    await say(ctx, 2)
    assert [
        event.node_id for event in await collect(feed.subscribe(ctx, (), 0, everything), 1)
    ] == [2]


async def test_a_change_belongs_to_its_node_or_else_to_the_merchant(ctx: Context) -> None:
    await transaction(
        announce,
        ctx,
        [
            Change(topic=TOPIC, node_type="Product", node_id=1, merchant_id=3),
            Change(topic=TOPIC, node_type="Product", node_id=1, merchant_id=3, organisation_id=4),
        ],
    )
    rows = await OutboxEvent.all().order_by("id")
    assert [row.organisation_id for row in rows] == [3, 4]


async def test_the_past_comes_first_then_what_happens(ctx: Context) -> None:
    await say(ctx, 1, 2, 3)
    await give_sequences()
    following = asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), 1, everything), 4))
    await all_listen()
    await say(ctx, 9, topic="order.changed")
    await say(ctx, 4)
    await say(ctx, 5)
    found = await following
    assert [event.node_id for event in found] == [2, 3, 4, 5]
    assert [event.sequence for event in found] == [2, 3, 5, 6]


async def test_without_a_start_only_news_comes(ctx: Context) -> None:
    await say(ctx, 1)
    following = asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), None, everything), 1))
    await all_listen()
    await say(ctx, 2)
    assert [event.node_id for event in await following] == [2]


async def test_a_start_that_is_yet_to_come_is_refused(ctx: Context) -> None:
    await say(ctx, 1)
    await give_sequences()
    with pytest.raises(InvalidInput) as refused:
        await collect(feed.subscribe(ctx, [TOPIC], 2, everything), 1)
    assert refused.value.path == ("after",)


async def test_what_is_not_wanted_is_left_out(ctx: Context) -> None:
    await say(ctx, *range(10))
    odd = feed.subscribe(ctx, (), 0, lambda event: event.node_id % 2 == 1)
    assert [event.node_id for event in await collect(odd, 5)] == [1, 3, 5, 7, 9]


async def test_parallel_writers_leave_no_gap_and_nothing_twice(ctx: Context) -> None:
    followers = [
        asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), 0, everything), 120))
        for _ in range(3)
    ]
    await asyncio.gather(*(say(ctx, number) for number in range(60)))
    await give_sequences()
    late = asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), 30, everything), 90))
    await asyncio.gather(*(say(ctx, number) for number in range(60, 120)))
    for follower in followers:
        found = await follower
        assert [event.sequence for event in found] == list(range(1, 121))
        assert sorted(event.node_id for event in found) == list(range(120))
    assert [event.sequence for event in await late] == list(range(31, 121))


async def test_a_slow_subscriber_catches_up_from_the_database(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT", 20)
    monkeypatch.setattr(feed, "BATCH", 7)
    async with aclosing(feed.subscribe(ctx, (TOPIC,), 0, everything)) as slow:
        await say(ctx, 0)
        found = [await anext(slow)]
        fast = asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), 0, everything), 201))
        for start in range(1, 201, 10):
            await say(ctx, *range(start, start + 10))
        await fast
        (hub,) = feed.hubs.values()
        assert hub.since(hub.position - 20)
        assert hub.since(hub.position - 21) is None
        async with asyncio.timeout(60):
            while len(found) < 201:
                found.append(await anext(slow))
    assert [event.sequence for event in found] == list(range(1, 202))


async def all_have_caught_up() -> None:
    """Wait for a moment in which nobody reads: on a busy machine the first look takes a while."""
    for _ in range(100):
        with counting() as statements:
            await asyncio.sleep(0.2)
        if not statements:
            return
    pytest.fail("the subscribers never stop reading")


async def test_one_reader_serves_all_and_ends_with_the_last(ctx: Context) -> None:
    streams = [feed.subscribe(ctx, (TOPIC,), 0, everything) for _ in range(20)]
    firsts = [asyncio.create_task(anext(stream)) for stream in streams]  # type: ignore[arg-type]
    await all_have_caught_up()
    (hub,) = feed.hubs.values()
    assert hub.subscribers == 20
    with counting() as statements:
        await say(ctx, 1)
        await asyncio.gather(*firsts)
    assert sum("INSERT" not in each for each in statements) < 20, statements
    task = hub.task
    for stream in streams:
        await stream.aclose()
    assert feed.hubs == {}
    assert task is not None
    assert task.done()


async def test_reading_goes_on_after_the_database_has_failed(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_SECONDS", 0.05)
    real, failures = feed.give_sequences, [OSError("gone"), OSError("gone")]

    async def failing() -> int:
        if failures:
            raise failures.pop()
        return await real()

    following = asyncio.create_task(collect(feed.subscribe(ctx, (TOPIC,), 0, everything), 1))
    monkeypatch.setattr(feed, "give_sequences", failing)
    await asyncio.sleep(0.01)
    await say(ctx, 1)
    assert [event.node_id for event in await following] == [1]
    assert failures == []


async def test_a_slow_transaction_is_numbered_when_it_becomes_visible(
    ctx: Context, database: str
) -> None:
    """Its rows were written first, yet nobody could have seen them before the later ones."""
    if not database.startswith("postgres"):
        pytest.skip("SQLite has one writer at a time")
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        await announce(ctx, [change(1)])
        written.set()
        await go_on.wait()

    slow = asyncio.create_task(transaction(slowly))
    await written.wait()
    following: asyncio.Task[Any] = asyncio.create_task(
        collect(feed.subscribe(ctx, (TOPIC,), 0, everything), 3)
    )
    await say(ctx, 2)
    await asyncio.sleep(0.3)
    go_on.set()
    await slow
    await say(ctx, 3)
    found = await following
    assert [event.sequence for event in found] == [1, 2, 3]
    assert found[0].node_id == 2
    assert {event.node_id for event in found} == {1, 2, 3}
