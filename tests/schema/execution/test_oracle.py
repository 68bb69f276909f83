"""Generated operations on a schema whose resolvers go wrong, answered by both executors."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest
from graphql import GraphQLField, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.field import StrawberryField

from schema.batching import BATCH
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from tests.schema.execution.documents import Asked, operations
from tests.schema.execution.oracle import DROPS_COROUTINES, agree
from tests.schema.execution.toy import PLACES, ToyContext, toy

# QUINTET_TEST_EXAMPLES=20000 looks further.
EXAMPLES = int(os.environ.get("QUINTET_TEST_EXAMPLES", "200"))

WAITING = ("squares", "promises")  # their resolvers do not wait, but what they answer does

graphql_schema = toy._schema
core = GraphQLCoreExecutor(toy)
compiled = CompiledExecutor(toy)

FAULTS = st.dictionaries(
    st.sampled_from(PLACES),
    st.tuples(
        st.sampled_from(["raise", "refuse", "null", "exception", "garbage"]), st.integers(0, 2)
    ),
    min_size=3,
    max_size=20,
)
pytestmark = DROPS_COROUTINES


def waits_for_nothing(definition: GraphQLField) -> bool:
    field = definition.extensions.get("strawberry-definition")
    assert isinstance(field, StrawberryField)
    return not field.is_async and BATCH not in field.metadata and field.python_name not in WAITING


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("{ shapes { number __typename ... on Round { area } ... on Square { side } } }", 5),
        ("{ rounds { __typename } }", 0),  # one of them counts as a Square
        ("{ squaresAmongOthers { side } }", 2),  # types with an `is_type_of` are asked
        ("{ items(first: 4) { even } }", 1),  # the scalar answers null for 4
    ],
)
async def test_unusual_types_are_the_same_errors(query: str, errors: int) -> None:
    result = await agree(compiled, core, query, {}, ToyContext, in_order=True)
    assert len(result.errors or []) == errors


@settings(max_examples=EXAMPLES)
@given(operations(graphql_schema), FAULTS)
async def test_queries_are_answered_alike(asked: Asked, faults: dict[str, Any]) -> None:
    await agree(compiled, core, asked.query, asked.variables, lambda: ToyContext(faults))


@settings(max_examples=EXAMPLES)
@given(operations(graphql_schema, allowed=waits_for_nothing), FAULTS)
async def test_errors_come_in_the_same_order_where_nothing_waits(
    asked: Asked, faults: dict[str, Any]
) -> None:
    await agree(
        compiled, core, asked.query, asked.variables, lambda: ToyContext(faults), in_order=True
    )


@settings(max_examples=EXAMPLES // 3)
@given(operations(graphql_schema), FAULTS)
async def test_everything_that_can_be_awaited_is_awaited(
    asked: Asked, faults: dict[str, Any]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await compiled(parse(asked.query), asked.variables, None, ToyContext(faults))
    assert [each for each in caught if "never awaited" in str(each.message)] == []


@settings(max_examples=EXAMPLES // 3)
@given(operations(graphql_schema, "mutation", depth=3), FAULTS)
async def test_mutations_are_answered_alike_and_do_the_same(
    asked: Asked, faults: dict[str, Any]
) -> None:
    contexts: list[ToyContext] = []

    def context() -> ToyContext:
        contexts.append(ToyContext(faults))
        return contexts[-1]

    await agree(compiled, core, asked.query, asked.variables, context)
    assert contexts[0].log == contexts[1].log == contexts[2].log
