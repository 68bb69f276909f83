"""What reads many levels is paid at the size of what is read, by the caller's territory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from models.accounts.organisations import Organisation
from models.accounts.roles import Role
from models.stores.locations import Location
from resolvers.context import Actor, Context
from resolvers.stock import level_sizes
from resolvers.stock.level_filters import LevelFilter, LevelSort
from resolvers.stock.level_lists import ListAggregate
from schema.cost.callers import Caller
from schema.cost.prices import COUNT, SORTED_LIST
from schema.cost.purses import BudgetSpent, Purses
from schema.stock.levels.prices import ADDED, COUNTED, SORTED, WITH_SALES, pay_for_page, paying
from tests.make.sales import staff_at
from tests.make.stock import a_level

PLACES, EACH = 300, 1_500
ALL = PLACES * EACH


def sizes_of(each: int, places: int) -> Callable[..., Awaitable[list[tuple[int, int, int]]]]:
    """Return what reads the numbers of levels, of all places, and of the merchant's."""

    async def read(*_: object) -> list[tuple[int, int, int]]:
        return [(each * places, places, places)]

    return read


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is taken from purses, at a chain of 300 places with 1,500 levels each."""
    amounts: list[int] = []

    async def take(self: Purses, amount: int, caller: Caller) -> int:
        amounts.append(amount)
        return 0

    monkeypatch.setattr(Purses, "take", take)
    monkeypatch.setattr(level_sizes, "records", sizes_of(EACH, PLACES))
    return amounts


async def everybody(ctx: Context) -> tuple[Context, Context, Context]:
    """The head office, a cashier of one place, a stranger."""
    level = await a_level(ctx, 9)
    place = await Location.get(id=level.location_id).prefetch_related("organisation")
    merchant = await Organisation.get(id=ctx.merchant_id)
    office = staff_at(ctx, merchant.id, merchant.path, Role.ADMIN)
    cashier = staff_at(ctx, place.organisation_id, place.organisation.path, Role.CASHIER)
    return office, cashier, replace(ctx, actor=Actor(), memory={})


async def test_a_sorted_page_is_paid_by_whoever_has_many_levels(
    ctx: Context, taken: list[int]
) -> None:
    office, cashier, stranger = await everybody(ctx)
    for who in (cashier, stranger):
        for sort in (LevelSort.COVER_ASC, LevelSort.UPDATED, LevelSort.AVAILABLE_ASC, None):
            await pay_for_page(who, LevelFilter(), sort, 20)
    assert taken == []
    await pay_for_page(office, LevelFilter(), LevelSort.UPDATED, 20)
    await pay_for_page(office, LevelFilter(), LevelSort.COVER_ASC, 20)
    await pay_for_page(office, LevelFilter(location_id=1), LevelSort.COVER_ASC, 1)
    assert taken == [ALL * SORTED - SORTED_LIST, ALL * WITH_SALES - SORTED_LIST]


async def test_pages_that_places_lead_are_paid_by_what_is_read_of_each(
    ctx: Context, taken: list[int]
) -> None:
    _, _, stranger = await everybody(ctx)
    await pay_for_page(stranger, LevelFilter(), LevelSort.DISTANCE, 20)
    assert taken == []
    await pay_for_page(stranger, LevelFilter(), LevelSort.DISTANCE, 250)
    assert taken == [PLACES * 251 * SORTED - SORTED_LIST]


async def test_counts_and_sums_are_paid_at_their_size(ctx: Context, taken: list[int]) -> None:
    office, cashier, stranger = await everybody(ctx)
    for who in (office, stranger):
        await paying(who, LevelFilter())(ListAggregate.COUNT)
        await paying(who, LevelFilter(brand_code="NONE"))(ListAggregate.COUNT)
    assert taken == [ALL * COUNTED - COUNT] * 2
    taken.clear()
    for who in (office, cashier, stranger):
        await paying(who, LevelFilter())(ListAggregate.SUMS)
    assert taken == [ALL * ADDED - COUNT]


async def test_whoever_has_spent_everything_waits(ctx: Context) -> None:
    office, _, _ = await everybody(ctx)
    await pay_for_page(office, LevelFilter(), LevelSort.COVER_ASC, 20)  # few levels: free
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(level_sizes, "records", sizes_of(10**6, 10**3))
        office.memory.clear()  # another request
        await pay_for_page(office, LevelFilter(), LevelSort.COVER_ASC, 20)  # all that it has
        with pytest.raises(BudgetSpent):
            await pay_for_page(office, LevelFilter(), LevelSort.COVER_ASC, 20)
