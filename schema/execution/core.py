"""graphql-core's own execution, metered: it answers what no plan covers, and is the plans' oracle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import cached_property, partial
from typing import Any, cast

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationType,
)
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable

from schema.cost.prices import LEAF, OBJECT, price_of, statement_price_of
from schema.execution.execute import Asked, Execute
from schema.execution.meter import Meter, size_of
from schema.execution.selection import BYTES_OF_A_CELL, BYTES_OF_AN_OBJECT
from schema.execution.variables import are_long


class GraphQLCoreExecutor(Execute):
    """Executes by graphql-core with Strawberry's resolver information."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema._schema
        self._executor_class = metered(schema.execution_context_class)

    async def run(self, asked: Asked) -> ExecutionResult:
        build = partial(
            self._executor_class.build,
            self._schema,
            asked.document,
            None,
            asked.context,
            asked.variables,
            asked.operation_name,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )
        executor = await asyncio.to_thread(build) if are_long(asked.variables) else build()
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        executor.meter = asked.meter
        result = executor.execute_operation()
        return cast(
            ExecutionResult, result if isinstance(result, ExecutionResult) else await result
        )

    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        """Nothing: every field is looked up as it is executed."""


class Metering:
    """What an executor of graphql-core counts, and how it lets others have the event loop.

    Once the meter has stopped, objects are left empty: the cancellation arrives with the next await.
    """

    meter = Meter()

    @cached_property
    def prices(self) -> dict[int, int]:
        """Of fields of objects, by the identity of their definitions."""
        return {}

    def build_per_event_executor(self, payload: Any) -> Any:
        """Build an executor with collected fields of its own.

        graphql-core 3.3.2 lets the events of a subscription share them, under keys that no other event finds:
        they would pile up for as long as the subscription lives.
        """
        executor = cast(Any, super()).build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, details: Any, path: Path, *rest: Any
    ) -> Any:
        if path.prev is None and cast(Any, self).operation.operation is OperationType.MUTATION:
            self.meter.stop_clock()
            self.meter.begin_change(str(path.key))
        self._take_statement(parent_type, details[0].node)
        return cast(Any, super()).execute_field(parent_type, source, details, path, *rest)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        details: Any,
        info: GraphQLResolveInfo[Any],
        *rest: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        meter = self.meter
        if info.path.prev is None and info.operation.operation is OperationType.MUTATION:
            meter.start_clock()  # until the next mutation begins
        meter.take(1, BYTES_OF_AN_OBJECT, self._price(info))
        if meter.error is not None:
            return {}
        if meter.is_due:
            return self._in_turn(return_type, details, info, *rest)
        return self._completed(return_type, details, info, *rest)

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:
        value = cast(Any, super()).complete_leaf_value(return_type, result)
        size = BYTES_OF_A_CELL + size_of(value)
        self.meter.take(0, size, LEAF)
        return value

    def _completed(self, *arguments: Any) -> AwaitableOrValue[dict[str, Any]]:
        return cast(Any, super()).complete_object_value(*arguments)

    async def _in_turn(self, *arguments: Any) -> dict[str, Any]:
        """One object after the other, as soon as the event loop has had its turn."""
        async with self.meter.alone:
            if self.meter.is_due:
                await self.meter.breathe()
            completed = self._completed(*arguments)
        return await completed if isinstance(completed, Awaitable) else completed

    def _take_statement(self, parent_type: GraphQLObjectType, node: FieldNode) -> None:
        """Count what a field asks the database, once for all its parents."""
        definition = parent_type.fields.get(node.name.value)
        if definition is not None and (price := statement_price_of(definition)):
            self.meter.take_once((parent_type.name, id(node)), price)

    def _price(self, info: GraphQLResolveInfo[Any]) -> int:
        definition = info.parent_type.fields.get(info.field_name)
        if definition is None:  # of introspection
            return OBJECT
        price = self.prices.get(id(definition))
        if price is None:
            price = self.prices[id(definition)] = price_of(definition)
        return price


def metered(executor_class: type[Any]) -> type[Any]:
    """The class with a `meter`."""
    known = _METERED.get(executor_class)
    if known is None:
        known = _METERED[executor_class] = type("Metered", (Metering, executor_class), {})
    return known


_METERED: dict[type[Any], type[Any]] = {}
