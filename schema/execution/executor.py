"""Answers operations by compiled plans, and by graphql-core what no plan covers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, get_operation_ast

from schema.execution.operation import Operation
from schema.operations import GraphQLCoreExecutor, Variables

CACHED_OPERATIONS = 1_000


class CompiledExecutor:
    """The `Execute` protocol of `schema.operations`: the same answers as graphql-core, sooner.

    Documents are told apart by identity, operations of a document by name.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._graphql_core = GraphQLCoreExecutor(schema)
        self._operations: OrderedDict[tuple[int, str | None], Operation] = OrderedDict()

    async def __call__(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: Any,
    ) -> ExecutionResult:
        operation = self._operation(document, operation_name)
        if operation is not None:
            values = operation.variable_values(variables)
            if isinstance(values, list):
                return ExecutionResult(None, values)
            plan = operation.plan(values)
            if plan is not None:
                return await plan.execute(values, context)
        return await self._graphql_core(document, variables, operation_name, context)

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
        if len(self._operations) > CACHED_OPERATIONS:
            self._operations.popitem(last=False)
        return operation
