"""What an operation may produce while it runs, the same by compiled plans and by graphql-core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from models.errors import QuintetError
from schema.batching import batched
from schema.errors import format_error
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Execute
from schema.execution.meter import AnswerLimits, HungUp, Meter
from schema.operations.answer import Answer
from schema.operations.answering import MOST_ERRORS
from schema.operations.operations import Operations
from tests.schema.execution.oracle import DROPS_COROUTINES

# An operation that is stopped has begun more than graphql-core awaits.
pytestmark = DROPS_COROUTINES


@dataclass(slots=True)
class Ctx:
    memory: dict[str, Any] = field(default_factory=dict)
    language: str = "en"
    request_id: str = "-"
    asked: list[int] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    number: int


ROWS = [Row(number) for number in range(10)]


@strawberry.type
class Item:
    row: strawberry.Private[Row]

    @strawberry.field
    def number(self) -> int:
        return self.row.number

    @strawberry.field
    def text(self) -> str:
        return "x" * 100

    @strawberry.field
    def copies(self) -> list[Item]:
        return [self] * 100

    @strawberry.field
    async def long(self, info: strawberry.Info) -> int:
        return await wait_long(info)

    @strawberry.field
    def broken(self) -> int | None:
        raise ValueError("broken")

    @batched
    @staticmethod
    async def parent(parents: list[Any], ctx: Any) -> list[Item]:
        ctx.asked.append(len(parents))
        return [Item(row=ROWS[0]) for _ in parents]

    @batched
    @staticmethod
    async def children(parents: list[Any], ctx: Any) -> list[list[Item]]:
        ctx.asked.append(len(parents))
        return [[Item(row=row) for row in ROWS] for _ in parents]


async def wait_long(info: strawberry.Info) -> int:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        info.context.finished.append("cancelled")
        raise
    return 1


@strawberry.type
class Query:
    @strawberry.field
    def items(self, first: int) -> list[Item]:
        return [Item(row=Row(number)) for number in range(first)]

    @strawberry.field
    async def long(self, info: strawberry.Info) -> int:
        return await wait_long(info)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def change(self, info: strawberry.Info, seconds: float) -> Item:
        await asyncio.sleep(seconds)
        info.context.finished.append("changed")
        return Item(row=ROWS[0])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counted(self, first: int) -> AsyncGenerator[list[Item], None]:
        yield [Item(row=Row(number)) for number in range(first)]
        yield []


schema = strawberry.Schema(Query, Mutation, Subscription)
EXECUTORS: list[Callable[[strawberry.Schema], Execute]] = [CompiledExecutor, GraphQLCoreExecutor]


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Execute:
    execute: Execute = request.param(schema)
    return execute


def plainly(error: GraphQLError, ctx: Any) -> dict[str, Any]:
    """As `format_error` does, without the log."""
    cause = error.original_error
    return format_error(error, ctx) if isinstance(cause, QuintetError) else {**error.formatted}


def operations(execute: Execute, **limits: float) -> Operations[Any]:
    async def context(*_: object) -> Ctx:
        return Ctx()

    return Operations(
        schema,
        context,
        plainly,
        execute=execute,
        answer_limits=lambda ctx: AnswerLimits(**limits),
    )


async def run(
    execute: Execute,
    query: str,
    ctx: Ctx | None = None,
    hung_up: Callable[[], Awaitable[None]] | None = None,
    **limits: float,
) -> Answer:
    running = operations(execute, **limits)
    operation = running.documents.prepare(query).operation(None)
    return await running.answer(operation, {}, None, ctx or Ctx(), hung_up)


def codes(answer: Answer) -> list[str]:
    return [error["extensions"]["code"] for error in answer.body["errors"]]


async def test_as_many_objects_as_are_allowed_are_answered(executor: Execute) -> None:
    answer = await run(executor, "{ items(first: 9) { number } }", objects=10)
    assert "errors" not in answer.body
    over = await run(executor, "{ items(first: 100) { number } }", objects=10)
    assert (over.body["data"], codes(over)) == (None, ["LIMIT_EXCEEDED"])


async def test_bytes_count_as_often_as_they_stand_in_the_answer(executor: Execute) -> None:
    nested = "{ items(first: 10) { parent { text } } }"
    answer = await run(executor, nested, bytes=2_500)
    assert "errors" not in answer.body
    over = await run(executor, nested.replace("10", "40"), bytes=2_500)
    assert (over.body["data"], codes(over)) == (None, ["LIMIT_EXCEEDED"])


async def test_the_same_row_is_looked_up_once(
    executor: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "schema.operations.fair_scheduling.SLICE_SECONDS", 60
    )  # however slow the machine is
    ctx = Ctx()
    query = "{ items(first: 30) { parent { children { parent { children { number } } } } } }"
    answer = await run(executor, query, ctx)
    items = answer.body["data"]["items"]
    assert len(items) == 30
    assert all(len(each["parent"]["children"]) == 10 for each in items)
    assert items[0]["parent"]["children"][3]["parent"]["children"][7] == {"number": 7}
    assert ctx.asked == [30, 1, 10, 1], "never as many as stand in the answer"


async def test_a_deadline_ends_a_query(executor: Execute) -> None:
    ctx = Ctx()
    answer = await run(executor, "{ long }", ctx, seconds=0.05)
    assert (answer.body["data"], codes(answer)) == (None, ["DEADLINE_EXCEEDED"])
    assert ctx.finished == ["cancelled"]


async def test_no_deadline_ends_a_mutation(executor: Execute) -> None:
    ctx = Ctx()
    answer = await run(executor, "mutation { change(seconds: 0.2) { number } }", ctx, seconds=0.05)
    assert answer.body == {"data": {"change": {"number": 0}}}
    assert ctx.finished == ["changed"]


async def test_a_deadline_ends_the_reading_of_a_mutations_answer(executor: Execute) -> None:
    ctx = Ctx()
    query = "mutation { a: change(seconds: 0.2) { number } b: change(seconds: 0.2) { long } }"
    answer = await run(executor, query, ctx, seconds=0.1)
    assert (answer.body["data"], codes(answer)) == (None, ["DEADLINE_EXCEEDED"])
    assert ctx.finished == ["changed", "changed", "cancelled"]


async def test_what_is_read_after_a_mutation_is_limited(executor: Execute) -> None:
    ctx = Ctx()
    query = "mutation { change(seconds: 0) { children { children { number } } } }"
    answer = await run(executor, query, ctx, objects=50)
    assert (answer.body["data"], codes(answer)) == (None, ["LIMIT_EXCEEDED"])
    assert ctx.finished == ["changed"]


@pytest.mark.parametrize("read", ["children { children { number } }", "copies { number }"])
async def test_no_mutation_begins_after_one_whose_answer_is_too_large(
    executor: Execute, read: str
) -> None:
    ctx = Ctx()
    one, further = f"change(seconds: 0) {{ {read} }}", "change(seconds: 0) { number }"
    answer = await run(executor, f"mutation {{ a: {one} b: {further} }}", ctx, objects=50)
    assert (answer.body["data"], codes(answer)) == (None, ["LIMIT_EXCEEDED"])
    assert answer.body["errors"][0]["extensions"]["ran"] == ["a"]
    assert ctx.finished == ["changed"]
    answer = await run(executor, f"mutation {{ a: {further} b: {one} }}", ctx, objects=50)
    assert answer.body["errors"][0]["extensions"]["ran"] == ["a", "b"]
    assert ctx.finished == ["changed"] * 3


async def test_a_query_ends_when_its_client_hangs_up(executor: Execute) -> None:
    ctx = Ctx()

    async def at_once() -> None:
        return

    with pytest.raises(HungUp):
        await run(executor, "{ long }", ctx, at_once)
    assert ctx.finished == ["cancelled"]


async def test_a_mutation_goes_on_when_whoever_waits_is_cancelled(executor: Execute) -> None:
    ctx, running = Ctx(), operations(executor)
    operation = running.documents.prepare("mutation { change(seconds: 0.1) { number } }")
    waiting = asyncio.create_task(running.answer(operation.operation(None), {}, None, ctx))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ctx.finished == []
    await running.finish()
    assert ctx.finished == ["changed"]


async def test_a_query_is_cancelled_with_whoever_waits(executor: Execute) -> None:
    ctx = Ctx()
    waiting = asyncio.create_task(run(executor, "{ long }", ctx))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ctx.finished == ["cancelled"]


async def test_errors_are_bounded_and_counted(executor: Execute) -> None:
    answer = await run(executor, "{ items(first: 3000) { broken } }")
    errors = answer.body["errors"]
    assert len(errors) == MOST_ERRORS + 1
    assert errors[-1]["extensions"] == {"code": "MORE_ERRORS", "count": 3000 - MOST_ERRORS}
    assert len(answer.body["data"]["items"]) == 3000


async def test_others_have_their_turn_during_a_large_answer(
    executor: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.operations.fair_scheduling.SLICE_SECONDS", -1)
    turns, done = 0, False

    async def somebody_else() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    answer = await run(executor, "{ items(first: 5000) { number text } }")
    done = True
    await other
    assert len(answer.body["data"]["items"]) == 5000
    assert turns > 5


async def test_many_operations_at_once_share_the_turns_of_one(
    executor: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "schema.operations.fair_scheduling.SLICE_SECONDS", -1
    )  # whoever asks first in a round has it
    asked, running = list[int](), operations(executor)
    operation = running.documents.prepare("{ items(first: 1) { parent { text } } }").operation(None)
    answering = asyncio.gather(
        *(running.answer(operation, {}, None, Ctx(asked=asked)) for _ in range(30))
    )
    seen = [0]
    while not answering.done():
        await asyncio.sleep(0)
        seen.append(len(asked))
    assert all(answer.outcome == "ok" for answer in answering.result())
    assert asked == [1] * 30
    assert max(after - before for before, after in pairwise(seen)) <= 2, "of thirty in a round"


async def test_each_event_of_a_subscription_is_limited(executor: Execute) -> None:
    running = operations(executor, objects=20)
    text = "subscription { counted(first: 100) { number } }"
    operation = running.documents.prepare(text).operation(None)
    answers = [each.body async for each in running.answers(operation, {}, None, Ctx())]
    assert [error["extensions"]["code"] for error in answers[0]["errors"]] == ["LIMIT_EXCEEDED"]
    assert answers[1] == {"data": {"counted": []}}


async def test_the_cost_is_what_was_built(executor: Execute) -> None:
    few = await run(executor, "{ items(first: 1) { number } }")
    many = await run(executor, "{ items(first: 101) { number } }")
    assert few.cost is not None
    assert many.cost is not None
    assert 100 <= many.cost - few.cost <= 100 * 50
    changed = await run(executor, "mutation { change(seconds: 0) { number } }")
    assert changed.cost is None, "inputs were paid for, too"


def test_bytes_are_those_of_utf_8() -> None:
    meter = Meter()
    meter.take_texts(["牛奶", "milk"], None)
    meter.take_texts(["牛奶", None], None)
    meter.take_texts(["牛奶", None], [2, 5])
    assert meter.bytes == 10 + 6 + 12
