"""What callers spend, out of their own buckets and out of that of the address that they share."""

from __future__ import annotations

from math import ceil
from typing import Any

from gateways import Balance, CostBuckets
from models.errors import RateLimited
from schema.cost.callers import Allowance, Caller


class BudgetSpent(RateLimited):
    """A bucket holds too little for now: the caller's, or that of the address."""

    def __init__(self, requested: int, balance: Balance, allowance: Allowance) -> None:
        super().__init__(
            "This costs {requested}, and {available} are left. Try again in {seconds} s.",
            requested=requested,
            available=balance.available,
            retry_after_seconds=max(1, ceil(balance.seconds)),
        )
        self.balance = balance
        self.allowance = allowance
        self.extensions = {"cost": spent(requested, 0, balance.available, allowance)}


class Purses:
    """Takes from all buckets of a caller, or from none.

    What is dearer than a bucket can ever hold takes the whole bucket, so that nobody waits in vain.
    """

    def __init__(self, buckets: CostBuckets) -> None:
        self._buckets = buckets

    async def take(self, amount: int, caller: Caller) -> int:
        """What is left then, or -1 where nothing is counted. Raises: BudgetSpent."""
        available = await self._take(amount, caller)
        if caller.address is None:
            return available
        try:
            beside = await self._take(amount, caller.address)
        except BaseException:
            self.give_back(amount, caller._replace(address=None))
            raise
        return min(available, beside) if available >= 0 <= beside else max(available, beside)

    def give_back(self, amount: int, caller: Caller, spent: int = 0) -> None:
        """Return what was taken for an amount, but for what was spent of it."""
        payer: Caller | None = caller
        while payer is not None:
            if bucket := payer.allowance.bucket:
                unspent = min(amount, bucket.capacity) - spent
                if unspent > 0:
                    self._buckets.give_back(payer.key, unspent, bucket)
            payer = payer.address

    async def _take(self, amount: int, caller: Caller) -> int:
        bucket = caller.allowance.bucket
        if bucket is None:
            return -1
        price = min(amount, bucket.capacity)
        available = self._buckets.take_now(caller.key, price, bucket)
        if available is not None:
            return available
        balance = await self._buckets.take(caller.key, price, bucket)
        if not balance.taken:
            raise BudgetSpent(amount, balance, caller.allowance)
        return balance.available


def spent(requested: int, actual: int, available: int, allowance: Allowance) -> dict[str, Any]:
    """The values of `extensions.cost`; without a bucket nothing is counted down."""
    bucket = allowance.bucket
    return {
        "requested": requested,
        "actual": actual,
        "available": None if bucket is None else available,
        "restoreRate": None if bucket is None else bucket.restore_rate,
    }
