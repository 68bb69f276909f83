"""What introspection costs: graphql-core answers it, one field of one object after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLSchema,
    introspection_types,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    is_union_type,
)
from graphql import get_named_type as named

LEAF = 6
OBJECT = 25

_FIELDS = {
    f"{type_.name}.{name}": field
    for type_ in introspection_types.values()
    if is_object_type(type_)
    for name, field in type_.fields.items()
}
_PRICES = {
    id(field): LEAF if is_leaf_type(named(field.type)) else OBJECT for field in _FIELDS.values()
}


def introspection_price(definition: GraphQLField) -> int | None:
    """Return the price of a field of an introspection type; None for any other field."""
    return _PRICES.get(id(definition))


# The share of types of fields and arguments that are wrapped once more, as in `[Int!]!`.
_WRAPPED = 0.6


@lru_cache(maxsize=4)
def sizes_of(schema: GraphQLSchema) -> Mapping[int, float]:
    """Return how many values each field of introspection has on average, by the id of its definition."""
    types = list(schema.type_map.values())
    inputs = [type_ for type_ in types if is_input_object_type(type_)]
    objects = [type_ for type_ in types if is_object_type(type_) or is_interface_type(type_)]
    fields = [field for type_ in objects for field in type_.fields.values()]
    abstract = [type_ for type_ in types if is_interface_type(type_) or is_union_type(type_)]
    lists: dict[str, float] = {
        "__Schema.types": len(types),
        "__Schema.directives": len(schema.directives),
        "__Type.fields": _average((type_.fields for type_ in objects), types),
        "__Type.interfaces": _average((type_.interfaces for type_ in objects), types),
        "__Type.possibleTypes": _average(map(schema.get_possible_types, abstract), types),
        "__Type.inputFields": _average((type_.fields for type_ in inputs), types),
        "__Type.enumValues": _average(
            (type_.values for type_ in types if is_enum_type(type_)), types
        ),
        "__Type.ofType": _WRAPPED,
        "__Field.args": _average((field.args for field in fields), fields),
        "__Directive.args": 3,
        "__Directive.locations": 3,
    }
    return {id(_FIELDS[name]): size for name, size in lists.items()}


def _average(parts: Iterable[Any], among: Sequence[Any]) -> float:
    return sum(map(len, parts)) / max(len(among), 1)
