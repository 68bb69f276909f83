"""The output fields of a schema."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLSchema, is_interface_type, is_object_type


def fields_of(core: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    for type_ in core.type_map.values():
        if (is_object_type(type_) or is_interface_type(type_)) and not type_.name.startswith("__"):
            for name, definition in type_.fields.items():
                yield f"{type_.name}.{name}", definition
