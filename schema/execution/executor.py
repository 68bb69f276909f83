"""Answers operations by compiled plans, and by graphql-core what no plan covers."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import strawberry
from graphql import DocumentNode, ExecutionResult, VariableValues, get_operation_ast

from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Asked, Execute
from schema.execution.operation import Operation
from schema.execution.plan import Plan
from schema.execution.variables import are_long

CACHED_BYTES = 64 * 1024 * 1024


class CompiledExecutor(Execute):
    """The same answers as graphql-core, sooner.

    Documents are told apart by identity, operations of a document by name.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._graphql_core = GraphQLCoreExecutor(schema)
        self._operations: OrderedDict[tuple[int, str | None], Operation] = OrderedDict()

    async def run(self, asked: Asked) -> ExecutionResult:
        operation = self._operation(asked.document, asked.operation_name)
        if operation is not None:
            given = asked.variables
            values = (
                await asyncio.to_thread(operation.variable_values, given)
                if are_long(given)
                else operation.variable_values(given)
            )
            if isinstance(values, list):
                return ExecutionResult(None, values)
            plan = self._plan(operation, values)
            if plan is not None:
                return await plan.execute(values, asked.context, asked.meter)
        return await self._graphql_core.run(asked)

    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        if operation := self._operation(document, operation_name):
            operation.compile()

    def _operation(self, document: DocumentNode, operation_name: str | None) -> Operation | None:
        key = (id(document), operation_name)
        operation = self._operations.get(key)
        if operation is not None:
            self._operations.move_to_end(key)
            return operation
        node = get_operation_ast(document, operation_name)
        if node is None:
            return None
        operation = self._operations[key] = Operation(self._schema, document, node)
        self._forget_oldest()
        return operation

    def _plan(self, operation: Operation, values: VariableValues) -> Plan | None:
        known = operation.plans
        plan = operation.plan(values)
        if operation.plans > known:
            self._forget_oldest()
        return plan

    def _forget_oldest(self) -> None:
        size = sum(operation.size for operation in self._operations.values())
        while size > CACHED_BYTES:
            _, oldest = self._operations.popitem(last=False)
            size -= oldest.size
