"""Whole answers that are kept: for one viewer and question, until something is written or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from graphql import parse, validate
from graphql.utilities import get_operation_ast

from models.accounts.channels import Channel
from resolvers.context import Actor, ActorKind, Context
from schema import schema
from schema.execution.meter import HungUp
from schema.operations.answer import Answer
from schema.operations.cacheable_fields import PUBLIC, REPEATABLE, is_repeatable, public, repeatable
from schema.operations.request import GraphQLRequest
from schema.operations.response_cache import JsonAnswer, answer_once
from tests.make.elsewhere import write_elsewhere
from tests.make.requests import begin_request

ASKED = GraphQLRequest(query="query A { a } query B { a }", variables={"x": 1}, operation_name="A")

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ products(first: 2) { edges { node { variants { sku available } } } } }", True),
        ('{ variant(sku: "A") { stockLevels { edges { node { location { code } } } } } }', True),
        ("{ stores { totalCount edges { node { isOpen position { latitude } } } } }", True),
        ("{ products { edges { node { ...P } } } } fragment P on Product { name }", True),
        (
            "{ ...Q } fragment Q on Query { products { edges { node { organisation { id } } } } }",
            False,
        ),
        ("{ ...Q me { id } } fragment Q on Query { brands { name } }", False),
        ("{ viewer { channel } }", False),
        ("{ me { id } }", False),
        ("{ __schema { queryType { name } } }", False),
        ("mutation { guestSignIn { accessToken } }", False),
    ],
)
def test_a_query_is_repeatable_when_all_its_fields_are(query: str, expected: bool) -> None:
    parsed = parse(query)
    assert validate(schema._schema, parsed) == []
    operation = get_operation_ast(parsed)
    assert operation
    assert is_repeatable(schema._schema, parsed, operation) is expected


class Answers:
    """Counts how often it was worked out what to answer."""

    def __init__(self, ctx: Context, work: Callable[[Context], None] = lambda ctx: None) -> None:
        self.ctx, self.work, self.count = ctx, work, 0

    async def ask(self, asked: GraphQLRequest = ASKED, **context: Any) -> Any:
        ctx = replace(self.ctx, freshness=await begin_request(), **context)

        async def answer() -> Answer:
            self.count += 1
            self.work(ctx)
            return Answer(self.body(), executed=True)

        answered = await answer_once(ctx, asked, answer)
        return orjson.loads(orjson.dumps(answered.body))

    def body(self) -> dict[str, Any]:
        return {"data": {"a": self.count}}


async def test_what_is_asked_again_is_worked_out_twice_and_then_kept(
    ctx: Context, nothing_ever_changes: None
) -> None:
    answers = Answers(replace(ctx, clock=lambda: NOON))
    assert [(await answers.ask())["data"]["a"] for _ in range(5)] == [1, 2, 2, 2, 2]


async def test_each_viewer_and_each_question_has_its_own(
    ctx: Context, nothing_ever_changes: None
) -> None:
    answers = Answers(replace(ctx, clock=lambda: NOON))
    others: list[dict[str, Any]] = [
        {"actor": Actor(ActorKind.MEMBER, 1)},
        {"actor": Actor(ActorKind.MEMBER, 2)},
        {"channel": Channel.STORE},
        {"merchant_id": 77},
        {"store_node_id": 77},
        {"language": "de"},
        {"asked": replace(ASKED, operation_name="B")},
        {"asked": replace(ASKED, variables={"x": "1"})},
        {"asked": replace(ASKED, variables=None)},
        {"asked": replace(ASKED, query="query A { b }")},
    ]
    for _ in range(3):
        await answers.ask()
    for count, other in enumerate(others, 3):
        assert (await answers.ask(**other))["data"]["a"] == count
    assert (await answers.ask())["data"]["a"] == 2


async def test_a_write_by_whomever_ends_it(ctx: Context, database_url: str) -> None:
    answers = Answers(ctx)
    for name in "abc":
        for _ in range(3):
            await answers.ask()
        before = answers.count
        rename = f"UPDATE organisation SET name = '{name}' WHERE id = 1"
        await write_elsewhere(database_url, rename)
        assert (await answers.ask())["data"]["a"] == before + 1


async def test_what_depends_on_the_moment_is_kept_no_longer(
    ctx: Context, nothing_ever_changes: None
) -> None:
    start = ctx.now().replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=1)
    steady = Answers(ctx, lambda ctx: ctx.holds_until(end))
    for at, expected in (
        *[(start, n) for n in (1, 2, 2)],
        (start + timedelta(seconds=59), 2),
        *[(end - timedelta(microseconds=1), n) for n in (3, 4, 4)],
        *[(end, n) for n in (5, 6, 7)],  # as it holds no longer
    ):
        assert (await steady.ask(clock=lambda at=at: at))["data"]["a"] == expected
    fleeting = Answers(ctx, lambda ctx: ctx.holds_until(ctx.now() + timedelta(hours=1)))
    other = replace(ASKED, query="{ other }")
    assert [(await fleeting.ask(other))["data"]["a"] for _ in range(4)] == [1, 2, 3, 4]


async def test_what_holds_for_seconds_is_given_for_these_seconds(
    ctx: Context, nothing_ever_changes: None
) -> None:
    end = NOON + timedelta(seconds=30)
    answers = Answers(ctx, lambda ctx: ctx.holds_until(end))
    for at, expected in (
        *[(NOON, n) for n in (1, 2, 2)],
        (end - timedelta(microseconds=1), 2),
        (end, 3),
    ):
        assert (await answers.ask(clock=lambda at=at: at))["data"]["a"] == expected


def test_a_kept_answer_is_one_that_was_executed_and_takes_extensions() -> None:
    answer = JsonAnswer.of(b'{"data":{"a":1}}', 7)
    assert (answer.executed, answer.outcome, answer.cost) == (True, "ok", 7)
    assert answer.json() == answer.json({}) == answer.text
    more = answer.extended({"cost": 7})
    assert orjson.loads(more.json()) == {"data": {"a": 1}, "extensions": {"cost": 7}}
    assert orjson.loads(orjson.dumps(more.body)) == orjson.loads(more.json())
    assert more.cost == 7


@pytest.mark.parametrize(("mark", "name"), [(public, PUBLIC), (repeatable, REPEATABLE)])
def test_a_mark_is_added_to_what_a_field_says_of_itself(mark: Any, name: str) -> None:
    field = SimpleNamespace(metadata={"other": 1})
    assert mark(field) is field
    assert field.metadata == {"other": 1, name: True}


async def test_an_answer_with_errors_is_not_kept(ctx: Context, nothing_ever_changes: None) -> None:
    class Failing(Answers):
        def body(self) -> dict[str, Any]:
            return {"data": {"a": None}, "errors": [{"message": "no"}]}

    answers = Failing(ctx)
    for _ in range(4):
        assert (await answers.ask())["errors"]
    assert answers.count == 4


async def test_who_hangs_up_takes_the_answer_from_nobody_who_asks_the_same(
    ctx: Context, nothing_ever_changes: None
) -> None:
    """Each asks for themselves until an answer is kept, and what is never finished is not."""
    gone = asyncio.Event()

    class Impatient(Answers):
        def body(self) -> dict[str, Any]:
            if self.count == 1:
                gone.set()
                raise HungUp
            return super().body()

    answers = Impatient(replace(ctx, clock=lambda: NOON))
    asked = [asyncio.create_task(answers.ask()) for _ in range(5)]
    cancelled = asyncio.create_task(answers.ask())
    await gone.wait()
    cancelled.cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    answered = [each for each in found if isinstance(each, dict)]
    assert len(answered) >= 4
    assert all("data" in each for each in answered)
    assert all(isinstance(each, HungUp | dict) for each in found)
    assert "data" in await answers.ask()
