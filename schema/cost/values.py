"""What the arguments of a document come to, from its text and the variables as they were sent.

Nothing is coerced or checked: values that the schema refuses are refused by the executor, whatever they
seem to cost here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)
from graphql.utilities import value_from_ast_untyped

from schema.cost.terms import Term, Variables

Defaults = Mapping[str, Any]
Condition = Callable[[Variables], bool]


def defaults_of(operation: OperationDefinitionNode) -> Defaults:
    """The default values of an operation's variables."""
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value
    }


def argument_of(node: FieldNode, name: str) -> ValueNode | None:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)


def reader(node: ValueNode | None, path: Sequence[str], defaults: Defaults) -> Any:
    """The value at a path into an argument: itself where it is constant, else a function of the variables.

    None for what is left out.
    """
    while path and isinstance(node, ObjectValueNode):
        name, path = path[0], path[1:]
        node = next((each.value for each in node.fields or () if each.name.value == name), None)
    if isinstance(node, VariableNode):
        return _variable_reader(node.name.value, tuple(path), defaults)
    if node is None or path or isinstance(node, NullValueNode):
        return None
    if isinstance(node, ListValueNode):
        return [None] * len(node.values or ())  # only its length is asked for
    if isinstance(node, IntValueNode | FloatValueNode):
        return float(node.value) if isinstance(node, FloatValueNode) else int(node.value)
    return value_from_ast_untyped(node) if isinstance(node, BooleanValueNode) else node


def _variable_reader(
    name: str, path: tuple[str, ...], defaults: Defaults
) -> Callable[[Variables], Any]:
    default = defaults.get(name)
    if not path:
        return lambda variables: variables.get(name, default)

    def read(variables: Variables) -> Any:
        value = variables.get(name, default)
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    return read


def sliced(values: Sequence[Any], otherwise: int, maximum: int) -> Term:
    """The length of a list by its slicing arguments: the largest given, else `otherwise`."""
    values = [value for value in values if value is not None]
    if not any(map(callable, values)):
        given = [_length(value, maximum) for value in values]
        return max(given, default=otherwise)

    if len(values) == 1:
        (read,) = values
        return lambda variables: _length(read(variables), maximum, otherwise)

    def length(variables: Variables) -> int:
        size = -1
        for value in values:
            now = value(variables) if callable(value) else value
            if now is not None:
                size = max(size, _length(now, maximum))
        return size if size >= 0 else otherwise

    return length


def _length(value: Any, maximum: int, otherwise: int = 0) -> int:
    """The number of items that an argument asks for: itself, or the length of its list.

    A number beyond the maximum is refused by its field, which then reads nothing.
    """
    if type(value) is int:
        return value if 0 <= value <= maximum else 0
    if value is None:
        return otherwise
    if isinstance(value, list):
        return len(value)
    if isinstance(value, float):
        return int(value) if 0 <= value <= maximum else 0
    return 1  # a single value stands for a list of it


def conditions_of(
    directives: Sequence[DirectiveNode] | None, defaults: Defaults
) -> tuple[Condition, ...] | None:
    """When a selection is made by its `@skip` and `@include`; None for never, () for always."""
    conditions: list[Condition] = []
    for directive in directives or ():
        wanted = {"skip": False, "include": True}.get(directive.name.value)
        values = [each.value for each in directive.arguments or () if each.name.value == "if"]
        if wanted is None or not values:
            continue
        value = reader(values[0], (), defaults)
        if callable(value):
            conditions.append(_is(value, wanted))
        elif bool(value) is not wanted:
            return None
    return tuple(conditions)


def _is(read: Callable[[Variables], Any], wanted: bool) -> Condition:
    return lambda variables: bool(read(variables)) is wanted
