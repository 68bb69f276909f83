"""The table of costs in `docs/costs.md`: each documented operation, as one caller would send it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    parse,
    type_from_ast,
)

from schema.cost.estimate import Estimate
from schema.describing.written_pages import DOCS, with_section

ROOT = Path(__file__).resolve().parents[2]
PAGE = DOCS / "costs.md"
FENCE = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
DEEPEST = 5


def documents() -> Iterator[tuple[str, str]]:
    """Where a document stands, and its text."""
    for page in (ROOT / "README.md", ROOT / "docs" / "api.md"):
        for text in FENCE.findall(page.read_text(encoding="utf-8")):
            yield str(page.relative_to(ROOT)), text
    for file in sorted((ROOT / "examples").glob("*/*.graphql")):
        yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


def operations(schema: GraphQLSchema) -> Iterator[tuple[str, str, int, int]]:
    """Each documented operation: its page, its name, its cost with one row, and that of a further row."""
    for place, text in documents():
        document = parse(text)
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                estimate = Estimate(schema, document, node)
                one, two = (estimate(sample(schema, node, rows)) for rows in (1, 2))
                yield place, node.name.value if node.name else "", one, two - one


def sample(schema: GraphQLSchema, node: OperationDefinitionNode, rows: int) -> dict[str, Any]:
    """Variables with so many rows in each list of inputs, and one in the lists within."""
    return {
        each.variable.name.value: _value(type_from_ast(schema, each.type), rows)  # type: ignore[arg-type]
        for each in node.variable_definitions or ()
        if not each.default_value
    }


def _value(type_: GraphQLInputType, rows: int, depth: int = 0) -> Any:
    named = get_named_type(type_)
    if not is_input_object_type(named) or depth > DEEPEST:
        return None
    is_list = is_list_type(get_nullable_type(type_))
    inner = 1 if is_list else rows
    value = {name: _value(field.type, inner, depth + 1) for name, field in named.fields.items()}
    return [value] * rows if is_list else value


def table(schema: GraphQLSchema) -> str:
    lines = ["| where | operation | cost | each further row |", "|---|---|---:|---:|"]
    for place, name, cost, row in operations(schema):
        lines.append(f"| `{place}` | {name} | {cost:,} | {f'{row:,}' if row else ''} |")
    return "\n".join(lines) + "\n"


def written(schema: GraphQLSchema) -> str:
    return with_section(PAGE, "costs", table(schema))
