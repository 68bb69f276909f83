"""Traces of operations: wraps an executor where traces are on."""

from __future__ import annotations

from graphql import DocumentNode, ExecutionResult, get_operation_ast

from gateways.telemetry.tracing import is_tracing, operation_span
from schema.execution.execute import Asked, Execute


class TracedExecutor(Execute):
    """Makes a span for each operation that another executor runs."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def run(self, asked: Asked) -> ExecutionResult:
        node = get_operation_ast(asked.document, asked.operation_name)
        kind = node.operation.value if node else "operation"
        with operation_span(kind, node.name.value[:100] if node and node.name else None):
            return await self._execute.run(asked)

    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        self._execute.compile(document, operation_name)


def traced(execute: Execute) -> Execute:
    """The executor itself where traces are off."""
    return TracedExecutor(execute) if is_tracing() else execute
