"""What every executor takes, and how it is called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Any, NamedTuple

from graphql import DocumentNode, ExecutionResult

from schema.execution.meter import Meter
from schema.execution.variables import Variables


class Asked(NamedTuple):
    """An operation of a valid document, and who asks for it."""

    document: DocumentNode
    variables: Variables
    operation_name: str | None
    context: Any
    meter: Meter


class Execute(ABC):
    """Runs queries and mutations; never raises for what a resolver raises."""

    def __call__(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: Any,
        meter: Meter | None = None,
    ) -> Awaitable[ExecutionResult]:
        return self.run(Asked(document, variables, operation_name, context, meter or Meter()))

    @abstractmethod
    async def run(self, asked: Asked) -> ExecutionResult:
        """Return what the operation comes to."""

    @abstractmethod
    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        """Do beforehand what the first request for an operation would have to wait for."""
