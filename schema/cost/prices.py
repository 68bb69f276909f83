"""The price of each field, and the length of each list, as the schema declares them.

One unit is about one microsecond of CPU on the machine that the benchmarks are measured on.
"""

from __future__ import annotations

from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLNamedType,
    get_named_type,
    is_leaf_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.batching import BATCH
from schema.columns import COLUMN
from schema.cost.directives import Cost, ListSize
from schema.cost.introspection import introspection_price

D = TypeVar("D")
# Marks a field of the query or subscription root, which asks the database itself.
ROOT = "root"

# Of every operation: HTTP, the caller's identity, the answer.
OPERATION = 100
LEAF, COMPUTED_LEAF, BATCHED_LEAF = 1, 3, 5
OBJECT, BATCHED_OBJECT = 5, 20
NODE = 40  # in an edge: a row of a page
ITEM = 150  # of a list in an input: a row of a batch
LEAF_ITEM = 3  # such as an ID
# Of each field that asks the database, once for all its parents: a statement.
STATEMENT = 250
MUTATION = 2_000
# Of each count or sum over a whole list, to its end: a million rows take tenths of a second.
COUNT = 40_000
# Of what was sold of one thing, added up from the ledger's index of sales.
LEDGER_SUM = 100
# Of a list whose sort or filter may read all that the caller may see before its first row is known.
SORTED_LIST = 5_000


def price_of(definition: GraphQLField) -> int:
    """Return the price of one value of a field, without what is selected below it."""
    if (declared := declared_price(definition)) is not None:
        return declared
    if (price := introspection_price(definition)) is not None:
        return price
    field = strawberry_field(definition)
    is_batched = field is not None and BATCH in field.metadata
    if not is_leaf_type(get_named_type(definition.type)):
        return BATCHED_OBJECT if is_batched else OBJECT
    if is_batched:
        return BATCHED_LEAF
    is_computed = field is not None and not field.is_basic_field and COLUMN not in field.metadata
    return COMPUTED_LEAF if is_computed else LEAF


def declared_price(definition: GraphQLField | GraphQLInputField) -> int | None:
    directive = _directive(definition, Cost)
    return int(directive.weight) if directive else None


def statement_price_of(definition: GraphQLField) -> int:
    """Return what a field costs once, however many parents ask for it together."""
    field = strawberry_field(definition)
    marks = field.metadata if field else ()
    return STATEMENT if BATCH in marks or ROOT in marks else 0


def list_size_of(definition: GraphQLField) -> ListSize | None:
    """Return the `@listSize` of a field."""
    return _directive(definition, ListSize)


def item_price_of(definition: Any, type_: GraphQLNamedType) -> int:
    """Return the price of one item of an argument or input field that is a list."""
    if (declared := declared_price(definition)) is not None:
        return declared
    return LEAF_ITEM if is_leaf_type(type_) else ITEM


def strawberry_field(definition: Any) -> StrawberryField | None:
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return field if isinstance(field, StrawberryField) else None


def _directive(definition: Any, kind: type[D]) -> D | None:
    field = strawberry_field(definition)
    directives = field.directives if field else ()
    return next((each for each in directives if isinstance(each, kind)), None)


def is_set(value: object) -> bool:
    return value is not strawberry.UNSET and value is not None
