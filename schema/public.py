"""Which answers any cache may keep: those of queries for the public catalogue.

A field that has a resolver is public when it is marked so; a plain attribute is as public as the
object it stands in. Stock is not: what was sold a second ago must not be for sale in the next answer.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    BREAK,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
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
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    survey = _Survey(TypeInfo(schema), fragments)
    survey.look_at(operation)
    return survey.public


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
        definition = self._types.get_field_def()
        field = definition and definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if isinstance(field, StrawberryField) and (
            field.is_basic_field or PUBLIC in field.metadata
        ):
            return None
        self.public = False
        return BREAK

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
        if fragment := self._unseen.pop(node.name.value, None):
            self.look_at(fragment)
        return None if self.public else BREAK
