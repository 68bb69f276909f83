"""Arguments as graphql-core coerces them, and as Strawberry hands them to Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    VariableValues,
    get_argument_values,
)
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

Arguments = dict[str, Any]
# Raises what graphql-core raises: the error of the field.
Coerce = Callable[[VariableValues], Arguments]

NO_VARIABLES = VariableValues({}, {})
# What no resolver can change, so that requests may share it.
IMMUTABLE = (str, int, float, type(None), Decimal, datetime, date, time, UUID, Enum)


@dataclass(frozen=True, slots=True)
class Constant:
    """Arguments that no variable changes."""

    arguments: Arguments

    def __call__(self, variables: VariableValues) -> Arguments:
        return self.arguments


def coerced(definition: GraphQLField, node: FieldNode) -> Coerce:
    """Coerce the arguments of a field by their GraphQL names; now, if they are always the same."""

    def coerce(variables: VariableValues) -> Arguments:
        return get_argument_values(definition, node, variables)

    if any(_has_variable(argument.value) for argument in node.arguments or ()):
        return coerce
    return _constant(coerce) or coerce


def converted(schema: strawberry.Schema, field: StrawberryField, coerce: Coerce) -> Coerce:
    """The same arguments by their Python names, inputs as instances of their classes."""

    def convert(variables: VariableValues) -> Arguments:
        return convert_arguments(
            coerce(variables),
            field.arguments,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
        )

    return (isinstance(coerce, Constant) and _constant(convert)) or convert


def _constant(coerce: Coerce) -> Constant | None:
    try:
        arguments = coerce(NO_VARIABLES)
    except Exception:  # noqa: BLE001 - it is each request's own error
        return None
    if not all(isinstance(value, IMMUTABLE) for value in arguments.values()):
        return None
    return Constant(arguments)


def _has_variable(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return True
        case ListValueNode():
            return any(map(_has_variable, value.values or ()))
        case ObjectValueNode():
            return any(_has_variable(field.value) for field in value.fields or ())
    return False
