"""Lists of orders, with what they add up to."""

from __future__ import annotations

from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.orders.order_lists import SUMS
from schema.batching import batched
from schema.cost.directives import cost
from schema.cost.prices import COUNT
from schema.orders.totals import OrderTotals
from schema.orders.types import Order
from schema.pagination import DocumentConnection, tallied


@strawberry.type
class OrderConnection(DocumentConnection[Order]):
    @cost(COUNT)
    @batched
    @staticmethod
    async def totals(parents: list[OrderConnection], ctx: Context) -> list[OrderTotals]:
        """What the whole list adds up to, cancelled orders too unless the filter leaves them out."""
        found: list[Any] = await tallied(parents, lambda tally, keys: tally.sums(SUMS, keys))
        return [OrderTotals.of(*sums) for sums in found]
