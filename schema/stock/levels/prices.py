"""What lists of stock levels cost at their size, beyond the price of their fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from resolvers.context import Context
from resolvers.stock import level_sizes
from resolvers.stock.level_filters import LevelFilter, LevelSort
from resolvers.stock.level_lists import ListAggregate
from schema.cost.at_size import pay_for_rows
from schema.cost.prices import COUNT, SORTED_LIST

# Of each level that is read: to sort it, to add up its sales besides, to count it, to add it up.
SORTED, WITH_SALES, COUNTED, ADDED = 0.5, 2.5, 0.2, 1.0


async def pay_for_page(
    ctx: Context, wanted: LevelFilter, sort: LevelSort | None, size: int
) -> None:
    """Raises: BudgetSpent."""
    rows = await level_sizes.of_page(ctx, wanted, sort, size)
    sales = sort is LevelSort.COVER_ASC or wanted.unsold_days is not None
    await pay_for_rows(ctx, rows, WITH_SALES if sales else SORTED, SORTED_LIST)


def paying(ctx: Context, wanted: LevelFilter) -> Callable[[ListAggregate], Awaitable[None]]:
    """What pays for the counts and sums of a list before they are made; it raises BudgetSpent."""

    async def pay(aggregate: ListAggregate) -> None:
        rows = await level_sizes.of_list(ctx, wanted, private=aggregate is ListAggregate.SUMS)
        each = ADDED if aggregate is ListAggregate.SUMS else COUNTED
        if wanted.unsold_days is not None:
            each += WITH_SALES
        await pay_for_rows(ctx, rows, each, COUNT)

    return pay
