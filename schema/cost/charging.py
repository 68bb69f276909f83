"""Charging an operation before it runs, and giving back what it did not need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from graphql import GraphQLError, GraphQLSchema

from gateways import Balance, CostBuckets, Gateways
from models.errors import RateLimited
from resolvers.context import Context
from schema.cost.callers import Allowance, Caller, allowances_of, callers, visitors
from schema.cost.estimate import Estimate
from schema.cost.prices import OPERATION
from schema.documents import DocumentRefused, Operation
from settings import Settings

C = TypeVar("C")

# To parse and validate a document that is not known yet.
DOCUMENT, CHARACTER, COSTLIEST_DOCUMENT = 500, 5, 60_000


class CostExceeded(DocumentRefused):
    """An operation costs more than its caller may spend on one."""

    def __init__(self, requested: int, limit: int) -> None:
        message = (
            f"The operation costs {requested}; at most {limit} are allowed."
            " Ask for fewer rows, or for less of each."
        )
        extensions = {"code": "COST_EXCEEDED", "cost": {"requested": requested, "limit": limit}}
        super().__init__([GraphQLError(message, extensions=extensions)])


class BudgetSpent(RateLimited):
    """A caller's bucket holds too little for now."""

    def __init__(self, requested: int, balance: Balance, allowance: Allowance) -> None:
        super().__init__(
            "This costs {requested}, and {available} are left. Try again in {seconds} s.",
            requested=requested,
            available=balance.available,
            retry_after_seconds=max(1, ceil(balance.seconds)),
        )
        self.balance = balance
        self.allowance = allowance
        self.extensions = {"cost": _spent(requested, 0, balance.available, allowance)}


@dataclass(slots=True)
class Charge:
    """What an operation was charged; `spent` is what it came to in the end."""

    requested: int
    caller: Caller
    available: int
    buckets: CostBuckets
    spent: int | None = None

    def settle(self, actual: int | None) -> None:
        """Give back what was not spent. What was spent beyond the price is not charged."""
        self.spent = self.requested if actual is None else actual
        bucket, unspent = self.caller.allowance.bucket, self.requested - self.spent
        if bucket is not None and unspent > 0:
            self.buckets.give_back(self.caller.key, unspent, bucket)
            self.available = min(self.available + unspent, bucket.capacity)

    @property
    def extensions(self) -> dict[str, Any]:
        spent = self.requested if self.spent is None else self.spent
        return {"cost": _spent(self.requested, spent, self.available, self.caller.allowance)}


class Charges(Generic[C]):
    """The prices of one schema's operations, and the buckets that they are paid from.

    `caller_of` says who pays for a context, `visitor_of` who pays for what comes from an address before it is
    known who sent it.
    """

    def __init__(
        self,
        buckets: CostBuckets,
        caller_of: Callable[[C], Caller],
        visitor_of: Callable[[str], Caller],
    ) -> None:
        self._buckets = buckets
        self._caller_of = caller_of
        self._visitor_of = visitor_of

    async def begin(
        self, schema: GraphQLSchema, operation: Operation, variables: Any, context: C
    ) -> Charge:
        """Charge an operation. Raises: CostExceeded, BudgetSpent."""
        if operation.estimate is None:
            operation.estimate = Estimate(schema, operation.document, operation.node)
        requested = operation.estimate(variables)
        caller = self._caller_of(context)
        allowance = caller.allowance
        if allowance.limit and requested > allowance.limit:
            await self._take(OPERATION, caller)
            raise CostExceeded(requested, allowance.limit)
        return Charge(requested, caller, await self._take(requested, caller), self._buckets)

    async def begin_document(self, text: str, address: str) -> None:
        """Charge the reading of a document that is not known yet. Raises: BudgetSpent."""
        price = min(DOCUMENT + CHARACTER * len(text), COSTLIEST_DOCUMENT)
        await self._take(price, self._visitor_of(address))

    async def _take(self, amount: int, caller: Caller) -> int:
        bucket = caller.allowance.bucket
        if bucket is None:
            return -1
        available = self._buckets.take_now(caller.key, amount, bucket)
        if available is not None:
            return available
        balance = await self._buckets.take(caller.key, amount, bucket)
        if not balance.taken:
            raise BudgetSpent(amount, balance, caller.allowance)
        return balance.available


def _spent(requested: int, actual: int, available: int, allowance: Allowance) -> dict[str, Any]:
    """The values of `extensions.cost`; without a bucket nothing is counted down."""
    bucket = allowance.bucket
    return {
        "requested": requested,
        "actual": actual,
        "available": None if bucket is None else available,
        "restoreRate": None if bucket is None else bucket.restore_rate,
    }


def make_charges(settings: Settings, gateways: Gateways) -> Charges[Context]:
    allowances = allowances_of(settings)
    return Charges(gateways.cost_buckets, callers(allowances), visitors(allowances))
