"""Operations on the real schema and a populated database, answered by both executors."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from graphql import ExecutionResult
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from resolvers.context import Context
from schema import schema
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.operations.documents.documents import DocumentRefused, Documents
from schema.operations.documents.limits import Limits
from tests.schema.execution.documents import Asked, operations
from tests.schema.execution.faults import FAULTS, break_on_demand, faults_in
from tests.schema.execution.oracle import DROPS_COROUTINES, agree
from tests.schema.execution.world import SCALARS, askers, at_noon, graphql_schema, populate

EXAMPLES = int(os.environ.get("QUINTET_TEST_EXAMPLES", "200")) // 4
TOKEN = re.compile(r"\w+|[^\w\s]")
pytestmark = DROPS_COROUTINES

asked_of_us = operations(graphql_schema, scalars=SCALARS)
many = settings(
    max_examples=EXAMPLES,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class World:
    """The real schema on a populated database, with resolvers that go wrong on demand."""

    def __init__(self, ctx: Context) -> None:
        self.askers = askers(ctx)
        self.core, self.compiled = GraphQLCoreExecutor(schema), CompiledExecutor(schema)
        self.documents = Documents(schema, Limits())

    async def agree(self, asked: Asked, who: str = "system", **memory: Any) -> ExecutionResult:
        result = await agree(
            self.compiled,
            self.core,
            asked.query,
            asked.variables,
            lambda: at_noon(self.askers[who], **memory),
        )
        event("with errors" if result.errors else "without errors")
        return result


@pytest.fixture
async def world(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> World:
    await populate(ctx)
    break_on_demand(monkeypatch)
    return World(ctx)


@many
@given(asked=asked_of_us, who=st.sampled_from(["system", "nobody", "guest", "member"]))
async def test_queries_are_answered_alike(asked: Asked, who: str, world: World) -> None:
    await world.agree(asked, who)


@many
@given(data=st.data())
async def test_queries_whose_resolvers_fail_are_answered_alike(
    data: st.DataObject, world: World
) -> None:
    asked = data.draw(asked_of_us)
    await world.agree(asked, **{FAULTS: data.draw(faults_in(asked))})


@many
@given(data=st.data())
async def test_damaged_documents_are_refused_or_answered_alike(
    data: st.DataObject, world: World
) -> None:
    asked = data.draw(asked_of_us)
    tokens = TOKEN.findall(asked.query)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(tokens) - 1))
        tokens[place] = data.draw(st.sampled_from(["", tokens[place] * 2, *tokens]))
    damaged = Asked(" ".join(tokens).replace('" "', '""'), asked.variables)
    try:
        world.documents.prepare(damaged.query)
    except DocumentRefused:
        event("refused")  # by neither executor: documents are checked before
    else:
        await world.agree(damaged)
