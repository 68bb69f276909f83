"""The real schema on a real, empty database: what the documentation shows, and what Hypothesis writes."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    is_required_input_field,
    parse,
    type_from_ast,
    validate,
)
from hypothesis import HealthCheck, given, settings

from resolvers.context import Context
from schema import schema
from schema.execution import CompiledExecutor
from schema.operations import GraphQLCoreExecutor
from tests.make.documents import all_documents, document
from tests.schema.execution.documents import Asked, operations
from tests.schema.execution.oracle import agree

EXAMPLES = int(os.environ.get("QUINTET_TEST_EXAMPLES", "300")) // 6
ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
VALUES = {"Int": 2, "Float": 0.5, "Boolean": True, "Decimal": "1.50", "BigInt": "7"}

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

graphql_schema = schema._schema
core = GraphQLCoreExecutor(schema)
compiled = CompiledExecutor(schema)


def queries() -> list[str]:
    """Every query of the examples and of the documentation's pages that the schema knows."""
    blocks = [
        block
        for page in PAGES
        for block in re.findall(
            r"```graphql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
        )
    ]
    return [
        text
        for text in [*map(document, all_documents()), *blocks]
        if (operation := get_operation_ast(parse(text)))
        and operation.operation is OperationType.QUERY
        and not validate(graphql_schema, parse(text))
    ]


def variables_of(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: example(type_from_ast(graphql_schema, definition.type))
        for definition in operation.variable_definitions or ()
    }


def example(type_: Any) -> Any:
    """Some value of this input type, for all that is required."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        return [example(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: example(definition.type)
            for name, definition in type_.fields.items()
            if is_required_input_field(definition)
        }
    return next(iter(getattr(type_, "values", [VALUES.get(type_.name, "x")])))


def test_the_documentation_has_queries() -> None:
    assert len(queries()) > 3


@pytest.mark.parametrize("query", queries())
async def test_documented_queries_are_answered_alike(query: str, ctx: Context) -> None:
    operation = get_operation_ast(parse(query))
    assert operation
    await agree(compiled, core, query, variables_of(operation), lambda: at_noon(ctx))


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(asked=operations(graphql_schema))
async def test_generated_queries_are_answered_alike(asked: Asked, ctx: Context) -> None:
    await agree(compiled, core, asked.query, asked.variables, lambda: at_noon(ctx))


def at_noon(ctx: Context) -> Context:
    """A context that remembers nothing, at a time that stands still."""
    return replace(ctx, memory={}, clock=lambda: NOON)
