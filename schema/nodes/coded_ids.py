"""IDs that clients write as kind and code, `store:S01`: where an operation has them, and what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from resolvers.node_codes import is_coded
from schema.cost.values import Condition, conditions_of, defaults_of
from schema.operations.cacheable_fields import fragments_of


@dataclass(slots=True)
class Shape:
    """Where a value of an input type has IDs: itself, or in these fields of its objects."""

    is_id: bool = False
    fields: dict[str, Shape] = field(default_factory=dict)

    @property
    def has_ids(self) -> bool:
        return self.is_id or bool(self.fields)


@dataclass(slots=True)
class Place:
    """What the fields that run under the same conditions are given: IDs, and variables that hold some."""

    written: set[str] = field(default_factory=set)
    variables: dict[str, Shape] = field(default_factory=dict)


class IdPlaces:
    """The coded IDs of one operation of a valid document, and which of its variables may hold some."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)
        self._defaults = defaults_of(operation)
        self._shapes: dict[str, Shape] = {}
        self._places: dict[tuple[Condition, ...], Place] = {}
        root = schema.get_root_type(operation.operation)
        self._walk(root, operation.selection_set, ())

    def codes(self, variables: Mapping[str, Any] | None) -> set[str]:
        """The coded IDs that one request gives to fields that run."""
        given = variables or {}
        found: set[str] = set()
        shapes: dict[str, Shape] = {}
        for conditions, place in self._places.items():
            if all(condition(given) for condition in conditions):
                found |= place.written
                shapes |= place.variables
        for name, shape in shapes.items():
            value = given.get(name, self._defaults.get(name))
            found.update(text for text in _texts(value, shape) if is_coded(text))
        return found

    def _walk(
        self,
        type_: GraphQLNamedType | None,
        selections: SelectionSetNode,
        outer: tuple[Condition, ...],
    ) -> None:
        for node in selections.selections:
            own = conditions_of(node.directives, self._defaults)
            if own is None:
                continue
            conditions = (*outer, *own)
            if isinstance(node, FieldNode):
                self._look_at(type_, node, conditions)
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
            within = fragment.type_condition
            inner = type_ if within is None else self._schema.get_type(within.name.value)
            self._walk(inner, fragment.selection_set, conditions)

    def _look_at(
        self, type_: GraphQLNamedType | None, node: FieldNode, conditions: tuple[Condition, ...]
    ) -> None:
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None:  # of introspection
            return
        for argument in node.arguments or ():
            shape = self._shape(definition.args[argument.name.value].type)
            if shape.has_ids:
                place = self._places.setdefault(conditions, Place())
                _note(argument.value, shape, place)
        if node.selection_set:
            self._walk(get_named_type(definition.type), node.selection_set, conditions)

    def _shape(self, type_: GraphQLInputType) -> Shape:
        """The shape of a named type; recursive types refer to themselves."""
        named = get_named_type(type_)
        if named.name in self._shapes:
            return self._shapes[named.name]
        shape = self._shapes[named.name] = Shape(named.name == GraphQLID.name)
        if isinstance(named, GraphQLInputObjectType):
            for name, each in named.fields.items():
                inner = self._shape(each.type)
                if inner.has_ids or inner is shape:
                    shape.fields[name] = inner
        return shape


def _note(value: ValueNode, shape: Shape, place: Place) -> None:
    """What a value of the document gives: its IDs, and its variables."""
    match value:
        case VariableNode():
            place.variables[value.name.value] = shape
        case StringValueNode() if shape.is_id and is_coded(value.value):
            place.written.add(value.value)
        case ListValueNode():
            for each in value.values or ():
                _note(each, shape, place)
        case ObjectValueNode():
            for given in value.fields or ():
                if given.name.value in shape.fields:
                    _note(given.value, shape.fields[given.name.value], place)


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
