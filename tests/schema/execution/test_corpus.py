"""The seed corpus, answered by both executors on the real schema and a populated database."""

from __future__ import annotations

import secrets
from random import Random

import pytest
from graphql import ExecutionResult, OperationType, parse

from models.database import is_postgres, transaction
from resolvers.context import Context
from schema import schema
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Execute
from tests.schema.execution.corpus import operations_of, variables_of
from tests.schema.execution.oracle import DROPS_COROUTINES, agree, as_json, identities
from tests.schema.execution.world import at_noon, populate

core, compiled = GraphQLCoreExecutor(schema), CompiledExecutor(schema)
pytestmark = DROPS_COROUTINES


class Undone(Exception):
    """Takes back whatever a mutation did."""


@pytest.fixture
async def ctx(ctx: Context) -> Context:
    await populate(ctx)
    return ctx


async def test_every_query_is_answered_alike(ctx: Context) -> None:
    queries = operations_of(OperationType.QUERY)
    assert len(queries) > 80
    for query in queries:
        await agree(compiled, core, query, variables_of(parse(query)), lambda: at_noon(ctx))


async def test_every_mutation_is_answered_alike(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_postgres():
        pytest.skip("PostgreSQL's sequences are not taken back, so IDs differ")
    mutations = operations_of(OperationType.MUTATION)
    assert len(mutations) > 60
    for mutation in mutations:
        _no_chance(monkeypatch)
        expected = await _undone(core, mutation, ctx)
        _no_chance(monkeypatch)
        answered = await _undone(compiled, mutation, ctx)
        assert as_json(answered) == as_json(expected), mutation
        assert identities(answered) == identities(expected), mutation


async def _undone(execute: Execute, mutation: str, ctx: Context) -> ExecutionResult:
    results: list[ExecutionResult] = []

    async def work() -> None:
        document = parse(mutation)
        results.append(await execute(document, variables_of(document), None, at_noon(ctx)))
        raise Undone

    with pytest.raises(Undone):
        await transaction(work)
    return results[0]


def _no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and codes are drawn alike each time."""
    drawn = Random(7)
    monkeypatch.setattr(secrets, "token_bytes", drawn.randbytes)
    monkeypatch.setattr(secrets, "token_hex", lambda size: drawn.randbytes(size).hex())
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size: drawn.randbytes(size).hex())
    monkeypatch.setattr(secrets, "randbelow", drawn.randrange)
    monkeypatch.setattr(secrets, "choice", drawn.choice)
