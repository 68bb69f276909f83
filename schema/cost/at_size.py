"""What a list costs beyond its price, where there is much to read: paid when it is read.

The price of an operation is known from its text and variables alone, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from resolvers.context import Context
from schema.cost.callers import allowances_of, callers
from schema.cost.purses import Purses

Pay = Callable[[int], Awaitable[object]]
_PAY = "paying beyond the price"


def charge_beyond_price(ctx: Context, pay: Pay) -> None:
    """Let `pay` take what the operation of this context costs beyond its price."""
    ctx.memory[_PAY] = pay


async def pay_for_rows(ctx: Context, rows: int, each: float, priced: int) -> None:
    """Pay for so many rows at `each`, less what is in the price already. Raises: BudgetSpent."""
    more = round(rows * each) - priced
    if more > 0:
        if _PAY not in ctx.memory:  # an event of a subscription has a context of its own
            ctx.memory[_PAY] = _from_purse(ctx)
        await ctx.memory[_PAY](more)


def _from_purse(ctx: Context) -> Pay:
    caller = callers(allowances_of(ctx.settings))(ctx)
    return partial(Purses(ctx.gateways.cost_buckets).take, caller=caller)
