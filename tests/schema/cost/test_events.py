"""Each event of a subscription is paid for by who is subscribed, before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry

from gateways import Bucket
from gateways.cost_buckets import LocalCostBuckets
from schema.batching import batched
from schema.cost.callers import Allowance, Caller
from schema.cost.charging import Charge, Charges
from schema.cost.prices import OPERATION, STATEMENT
from schema.cost.purses import BudgetSpent
from schema.operations.answer import Answer
from schema.operations.operations import Operations
from schema.operations.request import GraphQLRequest

EVENTS = 20
BUCKET = Bucket(capacity=3_000, restore_rate=1_000)
SUBSCRIBER = Caller("MEMBER:1", Allowance("member", 3_000, BUCKET))


@strawberry.type
class Item:
    number: int

    @batched
    @staticmethod
    async def double(parents: list[Any], ctx: Any) -> list[int]:
        return [2 * each.number for each in parents]


@strawberry.type
class Query:
    nothing: int = 0


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counted(self, info: strawberry.Info) -> AsyncGenerator[list[Item], None]:
        for number in range(EVENTS):
            info.context.append(number)
            yield [Item(number=number)] * 10


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


class Asked(list[int]):
    """The context: what the resolver was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.memory: dict[str, Any] = {}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> LocalCostBuckets:
    return LocalCostBuckets(clock)


class Subscribed:
    """Who is subscribed, and what the resolver was `asked` for."""

    def __init__(self, buckets: LocalCostBuckets, read: str = "number") -> None:
        async def no_context(*_: object) -> Asked:
            return self.asked

        charges: Charges[Any] = Charges(buckets, lambda ctx: SUBSCRIBER, lambda at: SUBSCRIBER)
        self.asked = Asked()
        self.running: Operations[Any] = Operations(
            SCHEMA, no_context, lambda error, ctx: {**error.formatted}, charges=charges
        )
        self.operation = self.running.documents.prepare(f"subscription {{ counted {{ {read} }} }}")

    async def begin(self) -> tuple[Charge, AsyncGenerator[Answer, None]]:
        operation = self.operation.operation(None)
        charge = await self.running.charge(operation, GraphQLRequest(None), self.asked)
        assert charge is not None
        return charge, self.running.answers(operation, {}, None, self.asked, charge)


async def left_in(buckets: LocalCostBuckets) -> int:
    return (await buckets.take(SUBSCRIBER.key, 0, BUCKET)).available


async def test_each_event_costs_what_it_came_to(buckets: LocalCostBuckets) -> None:
    charge, events = await Subscribed(buckets).begin()
    left = [await left_in(buckets)]
    for _ in range(3):
        await anext(events)
        left.append(await left_in(buckets))
    assert left[0] == BUCKET.capacity - charge.requested
    each = left[1] - left[2]
    assert each > OPERATION
    assert left[2] - left[3] == each
    assert left[1] == BUCKET.capacity - each, "the first was paid for with the operation"
    await events.aclose()


async def test_an_event_costs_a_statement_once_for_all_that_ask_for_it(
    buckets: LocalCostBuckets,
) -> None:
    each = []
    for read in ("a: number", "double"):
        _, events = await Subscribed(buckets, read).begin()
        await anext(events)
        before = await left_in(buckets)
        await anext(events)
        each.append(before - await left_in(buckets))
        await events.aclose()
    assert each[1] - each[0] == STATEMENT


async def test_who_has_spent_everything_is_told_the_next_event_when_there_is_enough(
    buckets: LocalCostBuckets, clock: Clock
) -> None:
    subscribed = Subscribed(buckets)
    _, events = await subscribed.begin()
    first = await anext(events)
    await buckets.take(SUBSCRIBER.key, await left_in(buckets), BUCKET)
    coming = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.3)
    assert not coming.done()
    assert subscribed.asked == [0, 1], "no further one is looked for meanwhile"
    clock.now += 1
    second = await asyncio.wait_for(coming, 10)
    numbers = [each.body["data"]["counted"][0]["number"] for each in (first, second)]
    assert numbers == [0, 1], "none is lost"
    await events.aclose()


async def test_who_has_nothing_for_long_is_told_so(
    buckets: LocalCostBuckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.cost.charging.LONGEST_PAUSE_SECONDS", 0.1)
    subscribed = Subscribed(buckets)
    _, events = await subscribed.begin()
    await anext(events)
    await buckets.take(SUBSCRIBER.key, await left_in(buckets), BUCKET)
    with pytest.raises(BudgetSpent):
        await anext(events)
    assert subscribed.asked == [0, 1]
