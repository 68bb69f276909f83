"""What a list costs beyond its price, where there is much to read: paid when it is read.

The price of an operation is known from its text and variables alone, however many rows there are.
"""

from __future__ import annotations

from resolvers.context import Context
from schema.cost.callers import allowances_of, callers
from schema.cost.purses import Purses


async def pay_for_rows(ctx: Context, rows: int, each: float, priced: int) -> None:
    """Pay for so many rows at `each`, less what is in the price already. Raises: BudgetSpent."""
    more = round(rows * each) - priced
    if more > 0:
        caller = callers(allowances_of(ctx.settings))(ctx)
        await Purses(ctx.gateways.cost_buckets).take(more, caller)
