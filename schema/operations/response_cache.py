"""Whole answers, kept and given as the results of statements are: see `models.engine.query_cache`.

Who asks, the text with its variables, what the database holds and the moment decide what a query answers
all of whose fields are `repeatable`. Who asks is found out each time, and `Context.now` sees to the moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from models.database import keep, recall
from resolvers.context import Context
from schema.cost.prices import OPERATION
from schema.operations.answer import Answer, Outcome
from schema.operations.request import GraphQLRequest


@dataclass(frozen=True, slots=True)
class JsonAnswer(Answer):
    """One without errors or extensions, whose body is JSON already."""

    body: Any
    text: bytes = b""

    @classmethod
    def of(cls, text: bytes, cost: int | None = None) -> JsonAnswer:
        return cls(orjson.Fragment(text), executed=True, cost=cost, text=text)

    @property
    def outcome(self) -> Outcome:
        return "ok"

    def json(self, extensions: dict[str, Any] | None = None) -> bytes:
        if not extensions:
            return self.text
        return b'%s,"extensions":%s}' % (self.text[:-1], orjson.dumps(extensions))

    def extended(self, extensions: dict[str, Any] | None) -> Answer:
        return JsonAnswer.of(self.json(extensions), self.cost)


async def answer_once(
    ctx: Context, asked: GraphQLRequest, answer: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The answer to a repeatable query: the one that was kept, else what `answer` comes to."""
    if asked.variables_json is None:
        return await answer()
    key = _key(ctx, asked)
    if found := await recall(ctx.freshness, key):
        ((json, holds_until),) = found
        if ctx.clock() < holds_until:
            return JsonAnswer.of(json, OPERATION)
    answered = await answer()
    if answered.outcome != "ok":
        return answered
    json = orjson.dumps(answered.body)
    if ctx.clock() < ctx.freshness.holds_until:
        keep(ctx.freshness, key, [(json, ctx.freshness.holds_until)])
    return JsonAnswer.of(json, answered.cost)


def _key(ctx: Context, asked: GraphQLRequest) -> tuple[str, tuple[Any, ...]]:
    """All of the request and its context that fields can see; of the clock no more than the minute.

    So an answer whose time is up makes room for the next one within a minute.
    """
    minute = ctx.clock().replace(second=0, microsecond=0)
    viewer = (ctx.actor, ctx.channel, ctx.merchant_id, ctx.store_node_id, ctx.language)
    return asked.query or "", (asked.operation_name, asked.variables_json, minute, *viewer)
