"""From values as graphql-core coerces them to what resolvers are given: inputs as instances of their classes.

As Strawberry does it, which finds out the way anew for each value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING
from functools import cached_property
from typing import Any

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition
from strawberry.types.unset import UNSET

Convert = Callable[[Any], Any]


class Inputs:
    """How values of each input type of a schema are converted."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema
        self._objects: dict[str, Convert] = {}

    def conversion(self, type_: GraphQLInputType) -> Convert:
        nullable = get_nullable_type(type_)
        if is_list_type(nullable):
            return _list_of(self.conversion(nullable.of_type))
        return self._object(nullable) if is_input_object_type(nullable) else _as_it_is

    def of_argument(self, argument: StrawberryArgument, type_: GraphQLInputType) -> Convert:
        return self._by_strawberry(argument.type) if argument.is_maybe else self.conversion(type_)

    def _by_strawberry(self, type_: Any) -> Convert:
        schema = self.schema
        registry = schema.schema_converter.scalar_registry
        return lambda value: convert_argument(value, type_, registry, schema.config)

    def _object(self, type_: GraphQLInputObjectType) -> Convert:
        if type_.name not in self._objects:
            definition = type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
            self._objects[type_.name] = self._of_class(type_, definition)
        return self._objects[type_.name]

    def _of_class(
        self, type_: GraphQLInputObjectType, definition: StrawberryObjectDefinition
    ) -> Convert:
        odd = definition.from_input or any(
            isinstance(field.type, StrawberryMaybe) for field in definition.fields
        )
        return self._by_strawberry(definition.origin) if odd else _Object(self, type_, definition)


class _Object:
    """Instances of an input's class. Its fields may hold others, so they are looked at when one is made."""

    def __init__(
        self, inputs: Inputs, type_: GraphQLInputObjectType, definition: StrawberryObjectDefinition
    ) -> None:
        self._inputs = inputs
        self._type = type_
        self._definition = definition
        self._left_out = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }

    @cached_property
    def _fields(self) -> dict[str, tuple[str, Convert]]:
        """By their GraphQL names."""
        name_of = self._inputs.schema.config.name_converter.from_field
        return {
            (name := name_of(field)): (
                field.python_name,
                self._inputs.conversion(self._type.fields[name].type),
            )
            for field in self._definition.fields
        }

    def __call__(self, value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        arguments: dict[str, Any] = {**self._left_out}
        for name, given in value.items():
            python_name, convert = self._fields[name]
            arguments[python_name] = convert(given)
        return self._definition.origin(**arguments)


def _as_it_is(value: Any) -> Any:
    return value


def _list_of(convert: Convert) -> Convert:
    """A list of the request's own, which its resolver may change."""

    def convert_all(values: Any) -> Any:
        return values if values is None or values is UNSET else [*map(convert, values)]

    return convert_all
