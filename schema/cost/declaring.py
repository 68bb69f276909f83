"""Prices and list sizes that hold for whole kinds of fields, declared in one place."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import strawberry
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

from models.bounds import USER_ERRORS
from resolvers.orm_pagination import DEFAULT_SIZE
from schema.cost.directives import Cost, ListSize, assumed
from schema.cost.prices import MUTATION, NODE, ROOT, declared_price, list_size_of, strawberry_field

# Lists of these types, wherever they stand.
BY_TYPE = {"UserError": USER_ERRORS}
# The list in a connection, and those in the payload of a mutation that takes rows: one for each row.
EDGES = "edges"
BY_ROW = ("results", "levels")


def declare(schema: strawberry.Schema) -> strawberry.Schema:
    """Add to each field what follows from its kind; what a field declares itself stands."""
    core = schema._schema
    for type_, definition, field in list(_fields(schema)):
        if list_size_of(definition) is None and (size := _size(definition)):
            field.directives = [*field.directives, size]
        if declared_price(definition) is None and (price := _price(core, type_, definition)):
            field.directives = [*field.directives, Cost(weight=str(price))]
        if type_ in (core.query_type, core.subscription_type):
            field.metadata = MappingProxyType({**field.metadata, ROOT: True})
    return schema


def _price(schema: GraphQLSchema, type_: GraphQLNamedType, definition: GraphQLField) -> int | None:
    if type_ is schema.mutation_type:
        return MUTATION
    is_node = type_.name.endswith("Edge") and definition is type_.fields.get("node")  # type: ignore[attr-defined]
    return NODE if is_node else None


def _fields(
    schema: strawberry.Schema,
) -> Iterator[tuple[GraphQLNamedType, GraphQLField, StrawberryField]]:
    for type_ in schema._schema.type_map.values():
        if is_object_type(type_) or is_interface_type(type_):
            for definition in type_.fields.values():
                if field := strawberry_field(definition):
                    yield type_, definition, field


def _size(definition: GraphQLField) -> ListSize | None:
    type_ = get_named_type(definition.type)
    if is_list_type(get_nullable_type(definition.type)):
        return _by_type(type_.name)
    if type_.name.endswith("Connection"):
        return _page(definition)
    return _by_row(definition, type_)


def _by_type(name: str) -> ListSize | None:
    return assumed(BY_TYPE[name]) if name in BY_TYPE else None


def _page(definition: GraphQLField) -> ListSize:
    """Of a connection: as long as `first` or `last`, by default 20, at most 250."""
    return ListSize(
        assumed_size=DEFAULT_SIZE,
        slicing_arguments=[name for name in ("first", "last") if name in definition.args],
        sized_fields=[EDGES],
        require_one_slicing_argument=False,
    )


def _by_row(definition: GraphQLField, type_: GraphQLNamedType) -> ListSize | None:
    """Of the payload of a mutation: as long as the one list of inputs that it takes."""
    if not is_object_type(type_) or BY_ROW[0] not in type_.fields or "input" not in definition.args:
        return None
    taken = get_named_type(definition.args["input"].type)
    rows = [
        name
        for name, field in (taken.fields if is_input_object_type(taken) else {}).items()
        if is_list_type(get_nullable_type(field.type))
        and is_input_object_type(get_named_type(field.type))
    ]
    return ListSize(
        slicing_arguments=[f"input.{name}" for name in rows],
        sized_fields=[name for name in BY_ROW if name in type_.fields],
        require_one_slicing_argument=False,
    )
