"""How long what is in variables may be, before anything of it is priced, folded, coerced or looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_enum_type,
    is_list_type,
    type_from_ast,
)

from resolvers.validation import LONGEST_TEXT
from schema.operations.documents.documents import DocumentRefused

LONGEST_NAME = 100
"""Of a value of an enum, or of a field: what is longer has no name in the schema."""
LONGEST_LIST = 5_000
Path = tuple[str | int, ...]


class Door:
    """Of one operation. It refuses long values; whether the others fit their types is for the executors."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._types: dict[str, Any] = {
            each.variable.name.value: type_from_ast(schema, each.type)
            for each in operation.variable_definitions or ()
        }

    def check(self, variables: Mapping[str, Any] | None) -> None:
        """Raises: DocumentRefused that names the field of the first fault."""
        given = variables or {}
        left: list[tuple[Any, Any, Path]] = [
            (given[name], type_, (name,)) for name, type_ in self._types.items() if name in given
        ]
        while left:
            value, type_, path = left.pop()
            left.extend(_inner(value, get_nullable_type(type_), path))


def _inner(value: Any, type_: Any, path: Path) -> Iterator[tuple[Any, Any, Path]]:
    """What stands in a value. Raises: DocumentRefused."""
    if isinstance(value, str):
        _check_text(value, type_, path)
    elif isinstance(value, list):
        if len(value) > LONGEST_LIST:
            raise _refused(path, f"has more than {LONGEST_LIST} entries")
        if is_list_type(type_):
            for index, each in enumerate(value):
                yield each, type_.of_type, (*path, index)
    elif isinstance(value, dict):
        item = type_
        while is_list_type(item):  # a single value stands for a list of it
            item = get_nullable_type(item.of_type)
        if isinstance(item, GraphQLInputObjectType):
            _check_names(value, item, path)
            for name, field in item.fields.items():
                if name in value:
                    yield value[name], field.type, (*path, name)


def _check_text(text: str, type_: Any, path: Path) -> None:
    while is_list_type(type_):
        type_ = get_nullable_type(type_.of_type)
    longest = LONGEST_NAME if is_enum_type(type_) else LONGEST_TEXT
    if len(text) > longest:
        raise _refused(path, f"has more than {longest} characters")


def _check_names(value: Mapping[str, Any], type_: GraphQLInputObjectType, path: Path) -> None:
    """A few names that are unknown are worded by the executors; not many, and no long ones."""
    if len(value) > 2 * len(type_.fields):
        raise _refused(path, f"has more fields than {type_.name}")
    if any(len(name) > LONGEST_NAME for name in value):
        raise _refused(path, f"has a field whose name has more than {LONGEST_NAME} characters")


def _refused(path: Sequence[str | int], fault: str) -> DocumentRefused:
    field = ".".join(map(str, path))
    steps = [str(step) for step in path]
    return DocumentRefused([GraphQLError(f"{field} {fault}.", extensions={"field": steps})])
