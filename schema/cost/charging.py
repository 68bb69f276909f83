"""Charging what is asked before it is done, and giving back what it did not need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import GraphQLError

from gateways import CostBuckets, Gateways
from resolvers.context import Context
from schema.cost.at_size import charge_beyond_price
from schema.cost.callers import BODIES, Caller, allowances_of, callers, visitors
from schema.cost.prices import LEAF_ITEM, OPERATION, STATEMENT
from schema.cost.pricing import Price
from schema.cost.purses import BudgetSpent, Purses, spent
from schema.operations.documents.documents import DocumentRefused
from settings import Settings

C = TypeVar("C")

# To parse and validate a document that is not known yet.
DOCUMENT, CHARACTER, COSTLIEST_DOCUMENT = 500, 5, 60_000
# To read a body: smaller ones are in the price of their operation.
FREE_BYTES, KILOBYTE = 16_000, 20
# A subscriber who has spent everything is told the next event when there is enough for it, so late at most.
LONGEST_PAUSE_SECONDS = 30.0


class CostExceeded(DocumentRefused):
    """An operation costs more than its caller may spend on one."""

    def __init__(self, requested: int, limit: int) -> None:
        message = (
            f"The operation costs {requested}; at most {limit} are allowed."
            " Ask for fewer rows, or for less of each."
        )
        extensions = {"code": "COST_EXCEEDED", "cost": {"requested": requested, "limit": limit}}
        super().__init__([GraphQLError(message, extensions=extensions)])


@dataclass(slots=True)
class Charge:
    """What an operation was charged; `inputs` of it for what it brings, which is read whatever comes of it.

    `beyond` was charged beyond the price while it ran, at the size of what it reads. `spent` is what it came
    to in the end.
    """

    requested: int
    inputs: int
    caller: Caller
    available: int
    purses: Purses
    beyond: int = 0
    spent: int | None = None

    async def take_more(self, amount: int) -> None:
        """Charge something beyond the price. Raises: BudgetSpent."""
        self.available = await self.purses.take(amount, self.caller)
        self.beyond += amount

    def settle(self, actual: int | None) -> None:
        """Give back what was not spent: `actual` counts all but the inputs, and is None where nothing counts.

        What the answer came to beyond the price is not charged.
        """
        priced = self.requested if actual is None else actual + self.inputs
        self.spent = priced + self.beyond
        bucket, unspent = self.caller.allowance.bucket, self.requested - priced
        if unspent > 0:
            self.purses.give_back(self.requested, self.caller, priced)
        if bucket is not None and unspent > 0:
            self.available = min(self.available + unspent, bucket.capacity)

    async def settle_event(self, actual: int) -> None:
        """Charge an event: the first was paid for with the operation, each further one is before it is sent.

        Waits until there is enough. Raises: BudgetSpent when that takes too long.
        """
        if self.spent is None:
            self.settle(actual)
            return
        waited = 0.0
        while True:
            try:
                self.available = await self.purses.take(actual, self.caller)
                return
            except BudgetSpent as missing:
                pause = max(missing.balance.seconds, 0.01)
                if waited + pause > LONGEST_PAUSE_SECONDS:
                    raise
            await asyncio.sleep(pause)
            waited += pause

    @property
    def extensions(self) -> dict[str, Any]:
        actual = self.requested if self.spent is None else self.spent
        return {"cost": spent(self.requested, actual, self.available, self.caller.allowance)}


class Charges(Generic[C]):
    """The prices of one schema's operations, and the buckets that they are paid from.

    `caller_of` says who pays for a context, `visitor_of` who pays for what comes from an address before it is
    known who sent it. `begun` hears of each charge.
    """

    def __init__(
        self,
        buckets: CostBuckets,
        caller_of: Callable[[C], Caller],
        visitor_of: Callable[[str], Caller],
        begun: Callable[[C, Charge], None] = lambda context, charge: None,
    ) -> None:
        self._purses = Purses(buckets)
        self._caller_of = caller_of
        self._visitor_of = visitor_of
        self._begun = begun

    async def begin(self, price: Price, context: C) -> Charge:
        """Charge an operation. Raises: CostExceeded, BudgetSpent."""
        requested, inputs = price
        caller = self._caller_of(context)
        limit = caller.allowance.limit
        if limit and requested > limit:
            await self._purses.take(OPERATION, caller)
            raise CostExceeded(requested, limit)
        available = await self._purses.take(requested, caller)
        charge = Charge(requested, inputs, caller, available, self._purses)
        self._begun(context, charge)
        return charge

    async def begin_refused(self, context: C) -> None:
        """Charge an operation that is refused before it has a price. Raises: BudgetSpent."""
        await self._purses.take(OPERATION, self._caller_of(context))

    async def begin_document(self, text: str, context: C) -> None:
        """Charge the reading of a document that is not known yet. Raises: BudgetSpent.

        It takes half of what the caller's bucket holds at most: its operation is to be paid for as well.
        """
        caller = self._caller_of(context)
        bucket = caller.allowance.bucket
        most = (
            COSTLIEST_DOCUMENT if bucket is None else min(COSTLIEST_DOCUMENT, bucket.capacity // 2)
        )
        await self._purses.take(min(DOCUMENT + CHARACTER * len(text), most), caller)

    async def begin_codes(self, codes: Collection[str], context: C) -> None:
        """Charge the looking up of IDs that are written as kind and code. Raises: BudgetSpent."""
        kinds = {code.partition(":")[0] for code in codes}
        price = STATEMENT * len(kinds) + LEAF_ITEM * len(codes)
        await self._purses.take(price, self._caller_of(context))

    async def begin_body(self, size: int, address: str) -> None:
        """Charge the reading of so many bytes, before it is known who sent them. Raises: BudgetSpent."""
        await self._purses.take(size * KILOBYTE // 1_000, self._visitor_of(address))


def make_charges(settings: Settings, gateways: Gateways) -> Charges[Context]:
    allowances = allowances_of(settings)
    return Charges(
        gateways.cost_buckets,
        callers(allowances),
        visitors(allowances, BODIES),
        lambda ctx, charge: charge_beyond_price(ctx, charge.take_more),
    )
