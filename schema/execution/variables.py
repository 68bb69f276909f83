"""The variables of an operation, coerced like by graphql-core, which looks at each definition anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    VariableValues,
    get_nullable_type,
    get_variable_values,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValueSource, input_is_nested_too_deeply
from graphql.utilities import coerce_input_value

T = TypeVar("T")
Variables = dict[str, Any] | None
NO_VARIABLES = VariableValues({}, {})
# Values of exactly these types are coerced already.
COERCED_TYPES: dict[object, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
MAXIMUM_ERRORS = 50  # graphql-core's own default
MOST_AT_ONCE = 2_000  # values that are coerced in the event loop: some 5 ms


def are_long(given: Variables) -> bool:
    """Whether to coerce them takes so long that a thread of its own does it."""
    left, waiting = MOST_AT_ONCE, [given]
    while waiting:
        value: Any = waiting.pop()
        if isinstance(value, dict):
            value = value.values()
        elif not isinstance(value, list):
            continue
        left -= len(value)
        if left < 0:
            return True
        waiting.extend(value)
    return False


async def in_thread_if(is_long: bool, work: Callable[..., T], *arguments: Any) -> T:
    """What work comes to: done at once, or where it takes long in a thread, so that nobody else waits."""
    return await asyncio.to_thread(work, *arguments) if is_long else work(*arguments)


class Definitions:
    """What is left out, or wrong, is graphql-core's: it knows the defaults and words the errors."""

    def __init__(self, schema: GraphQLSchema, nodes: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._signatures = [
            (signature, COERCED_TYPES.get(get_nullable_type(signature.type)))
            for node in nodes
            if not isinstance(signature := get_variable_signature(schema, node), GraphQLError)
        ]

    def values(self, given: Variables) -> VariableValues | list[GraphQLError]:
        if not self._nodes:
            return NO_VARIABLES
        given = given or {}
        sources, coerced = {}, {}
        for signature, coerced_type in self._signatures:
            value = given.get(signature.name, Undefined)
            cell = value if type(value) is coerced_type else _coerced(value, signature)
            if cell is not Undefined:
                coerced[signature.name] = cell
                sources[signature.name] = VariableValueSource(signature, value)
        if len(sources) == len(self._nodes):
            return VariableValues(sources, coerced)
        return get_variable_values(self._schema, self._nodes, given, MAXIMUM_ERRORS)


def _coerced(value: Any, signature: GraphQLVariableSignature) -> Any:
    """`Undefined` for what is left out or not as it should be."""
    if value is Undefined or input_is_nested_too_deeply(value, signature.type):
        return Undefined
    return coerce_input_value(value, signature.type)
