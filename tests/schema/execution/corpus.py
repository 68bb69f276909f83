"""The seed corpus: every document of the examples, of the documentation's pages and of the tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    OperationType,
    is_required_input_field,
    parse,
    type_from_ast,
    validate,
)

from schema import schema
from tests.make.documents import all_documents, document

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/*.md")]
FENCE = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
VALUES = {"Int": 2, "Float": 0.5, "Boolean": True, "Decimal": "1.50", "BigInt": "7"}

graphql_schema = schema._schema


@cache
def operations_of(kind: OperationType) -> list[str]:
    """Documents that the schema knows, with one operation, which is of this kind."""
    return [text for text in dict.fromkeys(_texts()) if _kind_of(text) is kind]


def _texts() -> Iterator[str]:
    yield from map(document, all_documents())
    for page in sorted(PAGES):
        yield from FENCE.findall(page.read_text(encoding="utf-8"))
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{" in node.value:
                yield node.value


def _kind_of(text: str) -> OperationType | None:
    try:
        parsed = parse(text)
    except GraphQLError:
        return None
    operations = [each for each in parsed.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or validate(graphql_schema, parsed):
        return None
    return operations[0].operation


def variables_of(parsed: DocumentNode) -> dict[str, Any]:
    """Some value for each variable, with all that its type requires."""
    return {
        definition.variable.name.value: example(type_from_ast(graphql_schema, definition.type))
        for operation in parsed.definitions
        if isinstance(operation, OperationDefinitionNode)
        for definition in operation.variable_definitions or ()
    }


def example(type_: Any) -> Any:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        return [example(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        fields = type_.fields.items()
        asked = [(name, field) for name, field in fields if is_required_input_field(field)]
        if type_.extensions["strawberry-definition"].is_one_of:
            asked = list(fields)[:1]
        return {name: example(definition.type) for name, definition in asked}
    return next(iter(getattr(type_, "values", [VALUES.get(type_.name, "x")])))
