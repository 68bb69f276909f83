"""Traces of operations: wraps an executor where traces are on."""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode, ExecutionResult, get_operation_ast

from gateways.tracing import is_tracing, operation_span
from schema.operation_hooks import Execute


class TracedExecutor:
    """The `Execute` protocol of `schema.operations`, with a span for each operation that is executed."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def __call__(
        self, document: DocumentNode, variables: Any, operation_name: str | None, *further: Any
    ) -> ExecutionResult:
        node = get_operation_ast(document, operation_name)
        kind = node.operation.value if node else "operation"
        with operation_span(kind, node.name.value[:100] if node and node.name else None):
            return await self._execute(document, variables, operation_name, *further)

    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        self._execute.compile(document, operation_name)


def traced(execute: Execute) -> Execute:
    """The executor itself where traces are off."""
    return TracedExecutor(execute) if is_tracing() else execute
