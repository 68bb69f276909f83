"""Arguments as graphql-core coerces them, and as Strawberry hands them to Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

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
from strawberry.types.field import StrawberryField

from schema.execution.inputs import Convert, Inputs
from schema.execution.variables import NO_VARIABLES

Arguments = dict[str, Any]
# Raises what graphql-core raises: the error of the field.
Coerce = Callable[[VariableValues], Arguments]

# What no resolver can change, so that requests may share it.
IMMUTABLE = (str, int, float, type(None), Decimal, datetime, date, time, UUID, Enum)


@dataclass(frozen=True, slots=True)
class Constant:
    """Arguments that no variable changes."""

    arguments: Arguments

    def __call__(self, variables: VariableValues) -> Arguments:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Mixed:
    """Arguments that are constant, whole variables, or made by `others`.

    A variable may be null or left out where its argument may not: `whole` knows.
    """

    constant: Arguments
    variables: Sequence[tuple[str, str, Convert]]  # argument, variable
    others: Coerce
    whole: Coerce

    def __call__(self, variables: VariableValues) -> Arguments:
        arguments = {**self.constant}
        for name, variable, convert in self.variables:
            value = variables.coerced.get(variable)
            if value is None:
                return self.whole(variables)
            arguments[name] = convert(value)
        arguments.update(self.others(variables))
        return arguments


def coerced(definition: GraphQLField, node: FieldNode) -> Coerce:
    """Coerce the arguments of a field by their GraphQL names; now, if they are always the same."""

    def coerce(variables: VariableValues) -> Arguments:
        return get_argument_values(definition, node, variables)

    varies = any(_has_variable(argument.value) for argument in node.arguments or ())
    return (not varies and _constant(coerce)) or coerce


def converted(
    inputs: Inputs, field: StrawberryField, definition: GraphQLField, node: FieldNode
) -> Coerce:
    """The same arguments by their Python names, inputs as instances of their classes."""
    name_of = inputs.schema.config.name_converter.from_argument
    conversions = {
        (name := name_of(argument)): (
            argument.python_name,
            inputs.of_argument(argument, definition.args[name].type),
        )
        for argument in field.arguments
    }
    given = {argument.name.value: argument.value for argument in node.arguments or ()}

    def of(names: Sequence[str]) -> Coerce:
        """Those of these names alone, in their order."""
        some = GraphQLField(definition.type, {name: definition.args[name] for name in names})

        def convert(variables: VariableValues) -> Arguments:
            arguments = {}
            for name, value in get_argument_values(some, node, variables).items():
                python_name, convert = conversions[name]
                arguments[python_name] = convert(value)
            return arguments

        return convert

    varying = [name for name in conversions if name in given and _has_variable(given[name])]
    constant = _constant(of([name for name in conversions if name not in varying]))
    if not constant or not varying:
        return constant or of([*conversions])
    variables, others = [], []
    for name in varying:
        if isinstance(value := given[name], VariableNode):
            python_name, convert = conversions[name]
            variables.append((python_name, value.name.value, convert))
        else:
            others.append(name)
    return Mixed(constant.arguments, variables, of(others), of([*conversions]))


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
