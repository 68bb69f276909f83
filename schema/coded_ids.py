"""IDs that clients write as kind and code, `store:S01`: where an operation has them, and what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)

from resolvers.node_codes import is_coded


@dataclass(slots=True)
class Shape:
    """Where a value of an input type has IDs: itself, or in these fields of its objects."""

    is_id: bool = False
    fields: dict[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdPlaces:
    """The coded IDs of a document, and which variables of an operation may hold some."""

    written: frozenset[str]
    variables: Mapping[str, Shape]

    @classmethod
    def of(
        cls, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
    ) -> IdPlaces:
        known: dict[str, Shape] = {}
        variables = {}
        for definition in node.variable_definitions or ():
            type_: Any = type_from_ast(schema, definition.type)
            shape = _shape(type_, known)
            if shape.is_id or shape.fields:
                variables[definition.variable.name.value] = shape
        return cls(_written(schema, document), variables)

    def codes(self, variables: Mapping[str, Any] | None) -> set[str]:
        """The coded IDs of one request."""
        given = variables or {}
        found = {
            text
            for name, shape in self.variables.items()
            if name in given
            for text in _texts(given[name], shape)
            if is_coded(text)
        }
        return found | self.written if self.written else found


def _shape(type_: GraphQLInputType, known: dict[str, Shape]) -> Shape:
    """The shape of a named type; recursive types refer to themselves."""
    named = get_named_type(type_)
    if named.name in known:
        return known[named.name]
    shape = known[named.name] = Shape(named is GraphQLID or named.name == GraphQLID.name)
    if isinstance(named, GraphQLInputObjectType):
        for name, each in named.fields.items():
            inner = _shape(each.type, known)
            if inner.is_id or inner.fields or inner is shape:
                shape.fields[name] = inner
    return shape


def _texts(value: Any, shape: Shape) -> Iterator[str]:
    """The IDs in a value as it was sent, whatever its depth."""
    left: list[tuple[Any, Shape]] = [(value, shape)]
    while left:
        value, shape = left.pop()
        if isinstance(value, str):
            if shape.is_id:
                yield value
        elif isinstance(value, list):
            left.extend((each, shape) for each in value)
        elif isinstance(value, dict):
            left.extend((value[n], each) for n, each in shape.fields.items() if n in value)


def _written(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    found: set[str] = set()
    types = TypeInfo(schema)

    class Collecting(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: object) -> None:
            expected = types.get_input_type()
            if (
                expected
                and get_named_type(expected).name == GraphQLID.name
                and is_coded(node.value)
            ):
                found.add(node.value)

    visit(document, TypeInfoVisitor(types, Collecting()))
    return frozenset(found)
