"""What an operation costs with the variables of a request, which are checked first."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from schema.cost.estimate import Estimate
from schema.execution.variables import Variables, are_long, in_thread_if
from schema.operations.variable_limits import Door

KEPT_PRICES = 16
LONGEST_KEPT = 500  # bytes


class Price(NamedTuple):
    """`inputs`: how much of it is for what the operation brings, whatever comes of it."""

    requested: int
    inputs: int


class Pricing:
    """The prices of one operation. Those of a few variables are kept: many clients ask the same."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._door = Door(schema, operation)
        self._estimate = Estimate(schema, document, operation)
        self._kept: dict[bytes, Price] = {}

    async def price(self, variables: Variables, key: bytes | None = None) -> Price:
        """`key`: the variables as bytes, for a price that may be kept. Raises: DocumentRefused."""
        if key is not None and (kept := self._kept.get(key)):
            return kept
        price = await in_thread_if(are_long(variables), self._work_out, variables)
        if key is not None and len(key) <= LONGEST_KEPT:
            if len(self._kept) == KEPT_PRICES:
                self._kept.clear()
            self._kept[key] = price
        return price

    def _work_out(self, variables: dict[str, Any] | None) -> Price:
        self._door.check(variables)
        return Price(*self._estimate.with_inputs(variables))
