"""Which answers any cache may keep: those of queries for the public catalogue.

A field that has a resolver is public when it is marked so; a plain attribute is as public as the
object it stands in. Stock is not: what was sold a second ago must not be for sale in the next answer.
"""

from __future__ import annotations

from collections.abc import Iterator
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

PUBLIC = "public"


def public(field: Any) -> Any:
    """Mark a field of the catalogue whose answer is the same for everybody in a channel and language."""
    field.metadata = {**field.metadata, PUBLIC: True}
    return field


def is_public(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether an operation of a valid document asks for public fields only."""
    survey = _Survey(TypeInfo(schema), fragments_of(document))
    survey.look_at(operation)
    return survey.public


def begins_public(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether a query begins with public fields only, whatever it asks about what they lead to."""
    if operation.operation is not OperationType.QUERY or schema.query_type is None:
        return False
    roots, fragments = schema.query_type.fields, fragments_of(document)
    return all(_is_public_field(roots.get(name)) for name in _root_names(operation, fragments))


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


def _is_public_field(definition: GraphQLField | None) -> bool:
    field = definition and definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return isinstance(field, StrawberryField) and (field.is_basic_field or PUBLIC in field.metadata)


class _Survey(Visitor):
    def __init__(self, types: TypeInfo, fragments: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.public = True
        self._types = types
        self._unseen = fragments

    def look_at(self, node: Node) -> None:
        visit(node, TypeInfoVisitor(self._types, self))

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if node.name.value == "__typename":
            return None
        if _is_public_field(self._types.get_field_def()):
            return None
        self.public = False
        return BREAK

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
        if fragment := self._unseen.pop(node.name.value, None):
            self.look_at(fragment)
        return None if self.public else BREAK
