"""What the values of a field are counted as, in the units of the cost of an operation."""

from __future__ import annotations

from functools import lru_cache

from graphql import GraphQLField, get_named_type, is_leaf_type

LEAF, OBJECT = 1, 5


@lru_cache(maxsize=8192)
def price_of(definition: GraphQLField) -> int:
    """The price of one value of a field, without what is selected below it."""
    return LEAF if is_leaf_type(get_named_type(definition.type)) else OBJECT
