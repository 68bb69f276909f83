"""What lists of stock levels cost at their size, beyond the price of their fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

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
    await pay_for_rows(ctx, rows, _each_of_page(wanted, sort), SORTED_LIST)


async def pay_for_pages_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter, sort: LevelSort | None
) -> None:
    """Pay for a page of each of these places together, by the same rule. Raises: BudgetSpent."""
    rows = await level_sizes.of_pages_at(ctx, location_ids, wanted, sort)
    await pay_for_rows(ctx, rows, _each_of_page(wanted, sort), SORTED_LIST * len(location_ids))


def paying(ctx: Context, wanted: LevelFilter) -> Callable[[ListAggregate], Awaitable[None]]:
    """What pays for the counts and sums of a list before they are made; it raises BudgetSpent."""

    async def pay(aggregate: ListAggregate) -> None:
        rows = await level_sizes.of_list(ctx, wanted, private=aggregate is ListAggregate.SUMS)
        await pay_for_rows(ctx, rows, _each_of_list(wanted, aggregate), COUNT)

    return pay


def paying_at(
    ctx: Context, location_ids: Sequence[int], wanted: LevelFilter
) -> Callable[[ListAggregate], Awaitable[None]]:
    """The same of the lists of these places together."""

    async def pay(aggregate: ListAggregate) -> None:
        private = aggregate is ListAggregate.SUMS
        rows = await level_sizes.of_lists_at(ctx, location_ids, wanted, private=private)
        await pay_for_rows(ctx, rows, _each_of_list(wanted, aggregate), COUNT * len(location_ids))

    return pay


def _each_of_page(wanted: LevelFilter, sort: LevelSort | None) -> float:
    sales = sort is LevelSort.COVER_ASC or wanted.unsold_days is not None
    return WITH_SALES if sales else SORTED


def _each_of_list(wanted: LevelFilter, aggregate: ListAggregate) -> float:
    each = ADDED if aggregate is ListAggregate.SUMS else COUNTED
    return each if wanted.unsold_days is None else each + WITH_SALES
