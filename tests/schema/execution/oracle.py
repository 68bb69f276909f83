"""graphql-core is the oracle: what a plan answers must be what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    NameNode,
    parse,
)

from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Execute

# graphql-core drops what an error has made needless, some of it before it was awaited at all. Where one is
# collected while a named tuple is made, Python cannot even warn of it.
DROPS_COROUTINES = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Error = tuple[str, tuple[str | int, ...], str, str]


def identity(error: GraphQLError) -> Error:
    """Message, path, locations and the kind of exception behind it."""
    locations = repr([location.formatted for location in error.locations or []])
    return (error.message, tuple(error.path or ()), locations, repr(type(error.original_error)))


def identities(result: ExecutionResult) -> list[Error]:
    return [identity(error) for error in result.errors or []]


def as_json(result: ExecutionResult) -> str:
    """The order of keys counts."""
    return json.dumps(result.data, default=repr)


async def agree(
    compiled: Execute,
    core: Execute,
    query: str,
    variables: dict[str, Any],
    context: Callable[[], Any],
    *,
    in_order: bool = False,
) -> ExecutionResult:
    """Both executors answer the same, twice, so that the plan is also used again.

    `in_order`: nothing waits, so that even the order of errors is certain. Otherwise graphql-core
    reports of several errors that null the same thing those which were there first; each of them
    will do, and all other errors must be the same.
    """
    document = parse(query)
    expected = await core(document, variables, None, context())
    answers = [await compiled(document, variables, None, context()) for _ in range(2)]
    for answered in answers:
        assert as_json(answered) == as_json(expected)
        if in_order:
            assert identities(answered) == identities(expected)
        elif set(identities(answered)) != set(identities(expected)):
            every = await core(_without_propagation(query), variables, None, context())
            assert_same_but_for_chance(answered, expected, identities(every))
    return answers[0]


def assert_same_but_for_chance(
    answered: ExecutionResult, expected: ExecutionResult, possible: list[Error]
) -> None:
    """`possible`: every error that there is when none hides another."""
    ours, theirs = set(identities(answered)), set(identities(expected))
    assert len(ours) == len(answered.errors or [])
    assert ours <= set(possible)
    nulled = {error: _nulled(error[1], expected.data) for error in possible}
    for error in possible:
        rivals = [
            other for other in possible if other != error and _is_within(error, nulled[other])
        ]
        if not rivals:
            assert error in ours
            assert error in theirs
        assert any(_is_within(other, nulled[error]) for other in ours)


def _nulled(path: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """The topmost thing on the path that is null in the answer."""
    for length, step in enumerate(path):
        if data is None:
            return path[:length]
        data = data[step]
    return path


def _is_within(error: Error, position: tuple[str | int, ...]) -> bool:
    return error[1][: len(position)] == position


def _without_propagation(query: str) -> DocumentNode:
    operation, *fragments = parse(query).definitions
    name = NameNode(value="experimental_disableErrorPropagation")
    directives = (DirectiveNode(name=name, arguments=()),)
    return DocumentNode(definitions=(replace(operation, directives=directives), *fragments))


def both(schema: strawberry.Schema) -> tuple[Execute, Execute]:
    return CompiledExecutor(schema), GraphQLCoreExecutor(schema)
