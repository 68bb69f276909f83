"""Optional arguments and input fields without `= null`: leaving one out and giving null may differ."""

from __future__ import annotations

from collections.abc import Iterator

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    Undefined,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)


def drop_null_defaults(schema: strawberry.Schema) -> strawberry.Schema:
    """Take `= null` away; Python's own default stands in for what is left out."""
    for each in _inputs(schema._schema):
        if each.default_value is None:
            each.default_value = Undefined
    return schema


def _inputs(schema: GraphQLSchema) -> Iterator[GraphQLArgument | GraphQLInputField]:
    for type_ in schema.type_map.values():
        if is_object_type(type_) or is_interface_type(type_):
            for field in type_.fields.values():
                yield from field.args.values()
        elif is_input_object_type(type_):
            yield from type_.fields.values()
