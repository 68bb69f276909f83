"""Scalars and enums: a whole column is serialised together where its values are as they should be."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from types import NoneType
from typing import Any, cast

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    Executor,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.pyutils import UndefinedType
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from schema.execution.execution import Execution, Site
from schema.execution.paths import Places
from schema.execution.sources import Column

Serialise = Callable[[Column], Column]

# Values of exactly these types stand in the answer as they are.
FINAL_TYPES: dict[GraphQLLeafType, frozenset[type]] = {
    GraphQLString: frozenset({str}),
    GraphQLID: frozenset({str}),
    GraphQLBoolean: frozenset({bool}),
}
NOTHING = frozenset({NoneType, UndefinedType})


class _NotAsExpected(Exception):
    """The column holds something that must be looked at one by one."""


class Leaf:
    """Serialises columns of one scalar or enum, with graphql-core's errors for bad values."""

    def __init__(self, type_: GraphQLLeafType, site: Site) -> None:
        self.final_types = FINAL_TYPES.get(type_, frozenset())
        self.type_ = type_
        self._site = site
        self._together = _together(type_)

    def together(self, values: Column) -> Column | None:
        """None if something is among the values that must be looked at one by one."""
        try:
            return self._together(values)
        except Exception:  # noqa: BLE001 - found again, as the error of its own value
            return None

    def together_metered(
        self, values: Column, places: Places, execution: Execution
    ) -> Column | None:
        """The same, and count their texts."""
        cells = self.together(values)
        if cells and type(cells[0]) in (str, dict, list):
            execution.meter.take_texts(cells, places.weights)
        return cells

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        cells = self.together_metered(values, places, execution)
        if cells is not None:
            return cells
        return [
            self._complete_one(value, index, places, execution)
            for index, value in enumerate(values)
        ]

    def _complete_one(self, value: Any, index: int, places: Places, execution: Execution) -> Any:
        try:
            return Executor.complete_leaf_value(self.type_, value)
        except Exception as error:  # noqa: BLE001 - it is the error of this value
            return execution.fail(self._site, places.paths[index], error)


def _together(type_: GraphQLLeafType) -> Serialise:
    if type_ is GraphQLInt:
        return _integers
    if type_ is GraphQLFloat:
        return _floats
    if isinstance(type_, GraphQLEnumType):
        names = _names_of_members(type_)
        return lambda values: [names[value] for value in values]
    return lambda values: _serialised(type_.coerce_output_value, values)


def _integers(values: Column) -> Column:
    if set(map(type, values)) != {int}:
        raise _NotAsExpected
    if min(values) < GRAPHQL_MIN_INT or max(values) > GRAPHQL_MAX_INT:
        raise _NotAsExpected
    return values


def _floats(values: Column) -> Column:
    if set(map(type, values)) != {float} or not all(map(math.isfinite, values)):
        raise _NotAsExpected
    return values


def _serialised(serialise: Callable[[Any], Any], values: Column) -> Column:
    cells = list(map(serialise, values))
    if not NOTHING.isdisjoint(map(type, cells)):
        raise _NotAsExpected
    return cells


def _names_of_members(type_: GraphQLEnumType) -> dict[Any, str]:
    if not isinstance(type_, CustomGraphQLEnumType):
        return {}
    names: dict[Any, str] = {}
    for member in cast("type[Enum]", type_.wrapped_cls):
        try:
            names[member] = type_.coerce_output_value(member)
        except (GraphQLError, ValueError):  # a member that the schema leaves out
            continue
    return names
