"""Which answers any cache may keep: those of queries for the public catalogue.

A field that has a resolver is public when it is marked so; a plain attribute is as public as the
object it stands in. Stock is not: what was sold a second ago must not be for sale in the next answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    BREAK,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

PUBLIC, REPEATABLE = "public", "repeatable"


def public(field: Any) -> Any:
    """Mark a field of the catalogue whose answer is the same for everybody in a channel and language."""
    field.metadata = {**field.metadata, PUBLIC: True}
    return field


def repeatable(field: Any) -> Any:
    """Mark a field whose answer is the same while nothing is written: nothing but the viewer, what the
    database holds and the moment decide it. What is public is."""
    field.metadata = {**field.metadata, REPEATABLE: True}
    return field


def is_public(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether an operation of a valid document asks for public fields only."""
    return _all_fields(schema, document, operation, (PUBLIC,))


def is_repeatable(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether a query asks for repeatable fields only."""
    if operation.operation is not OperationType.QUERY:
        return False
    return _all_fields(schema, document, operation, (PUBLIC, REPEATABLE))


def _all_fields(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    marks: Sequence[str],
) -> bool:
    survey = _Survey(TypeInfo(schema), fragments_of(document), marks)
    survey.look_at(operation)
    return survey.agrees


def begins_public(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether a query begins with public fields only, whatever it asks about what they lead to."""
    if operation.operation is not OperationType.QUERY or schema.query_type is None:
        return False
    roots, fragments = schema.query_type.fields, fragments_of(document)
    names = _root_names(operation, fragments)
    return all(_is_marked(roots.get(name), (PUBLIC,)) for name in names)


def _root_names(
    node: OperationDefinitionNode | FragmentDefinitionNode | InlineFragmentNode,
    fragments: dict[str, FragmentDefinitionNode],
) -> Iterator[str]:
    for each in node.selection_set.selections:
        if isinstance(each, FieldNode):
            if each.name.value != "__typename":
                yield each.name.value
        elif isinstance(each, FragmentSpreadNode):
            yield from _root_names(fragments[each.name.value], fragments)
        elif isinstance(each, InlineFragmentNode):
            yield from _root_names(each, fragments)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def _is_marked(definition: GraphQLField | None, marks: Sequence[str]) -> bool:
    """Whether a field has one of the marks, or is a plain attribute."""
    field = definition and definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(field, StrawberryField):
        return False
    return field.is_basic_field or any(mark in field.metadata for mark in marks)


class _Survey(Visitor):
    """Whether every field that is asked for has one of the marks."""

    def __init__(
        self, types: TypeInfo, fragments: dict[str, FragmentDefinitionNode], marks: Sequence[str]
    ) -> None:
        super().__init__()
        self.agrees = True
        self._marks = marks
        self._types = types
        self._unseen = fragments

    def look_at(self, node: Node) -> None:
        visit(node, TypeInfoVisitor(self._types, self))

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if node.name.value == "__typename":
            return None
        if _is_marked(self._types.get_field_def(), self._marks):
            return None
        self.agrees = False
        return BREAK

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
        if fragment := self._unseen.pop(node.name.value, None):
            self.look_at(fragment)
        return None if self.agrees else BREAK
