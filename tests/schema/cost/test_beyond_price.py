"""What a list costs at its size: the answer says it, and lists of places cost by the same rule."""

from __future__ import annotations

from typing import Any

import pytest

from gateways import cost_buckets
from resolvers.context import Context
from resolvers.stock import level_sizes
from schema.cost import at_size, callers
from schema.cost.prices import COUNT, SORTED_LIST
from schema.stock.levels.prices import ADDED, SORTED
from tests.make.api import Api
from tests.make.shop import open_shop

EACH, PLACES = 20_000, 30
SORTED_LEVELS = "{ stockLevels(sort: UPDATED, first: 1) { edges { node { available } } } }"
OF_A_PLACE = """{ store(code: "ONE") {
  stockLevels(sort: UPDATED, first: 1) { edges { node { available } } } } }"""
SUMS_OF_A_PLACE = """{ store(code: "ONE") { stockLevels(first: 1) { totals { available } } } }"""
SUMS_OF_PLACES = """{ stores(first: 2) { edges { node {
  stockLevels(first: 1) { totals { available } } } } } }"""


@pytest.fixture(autouse=True)
def nothing_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the buckets stands still."""
    make = cost_buckets.LocalCostBuckets
    monkeypatch.setattr(cost_buckets, "LocalCostBuckets", lambda *_: make(lambda: 0.0))


async def costs(api: Api, monkeypatch: pytest.MonkeyPatch, query: str) -> tuple[Any, Any]:
    """What a query costs with few levels, and with many."""
    await api.send(query)
    few = (await api.send(query))["extensions"]["cost"]

    async def sizes(ctx: Context) -> tuple[int, int]:
        return EACH, PLACES

    with monkeypatch.context() as patched:
        patched.setattr(level_sizes, "sizes", sizes)
        answer = await api.send(query)
    assert "errors" not in answer
    return few, answer["extensions"]["cost"]


@pytest.mark.parametrize(
    ("query", "beyond"),
    [
        (SORTED_LEVELS, EACH * PLACES * SORTED - SORTED_LIST),
        (OF_A_PLACE, EACH * SORTED - SORTED_LIST),
        (SUMS_OF_A_PLACE, 0),
        (SUMS_OF_PLACES, 0),
    ],
)
async def test_the_answer_says_what_it_cost_beyond_its_price(
    api: Api, monkeypatch: pytest.MonkeyPatch, query: str, beyond: float
) -> None:
    admin = await api.staff()
    await open_shop(admin, 3, "ONE")
    await open_shop(admin, 3, "TWO")
    few, many = await costs(admin, monkeypatch, query)
    assert many["requested"] == few["requested"]
    assert many["actual"] == few["actual"] + beyond
    assert many["available"] == few["available"] - many["actual"]


async def test_sums_of_places_cost_by_the_levels_of_these_places(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    global_each = 10 * COUNT

    async def sizes(ctx: Context) -> tuple[int, int]:
        return global_each, PLACES

    admin = await api.staff()
    await open_shop(admin, 3, "ONE")
    await open_shop(admin, 3, "TWO")
    for query, places in ((SUMS_OF_A_PLACE, 1), (SUMS_OF_PLACES, 2)):
        few = (await admin.send(query))["extensions"]["cost"]
        with monkeypatch.context() as patched:
            patched.setattr(level_sizes, "sizes", sizes)
            many = (await admin.send(query))["extensions"]["cost"]
        assert many["actual"] - few["actual"] == places * (global_each * ADDED - COUNT)


async def test_whoever_has_spent_everything_waits_at_a_place_too(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await api.staff()
    await open_shop(admin, 3, "ONE")

    async def sizes(ctx: Context) -> tuple[int, int]:
        return 10**9, PLACES

    monkeypatch.setattr(level_sizes, "sizes", sizes)
    answer = await admin.send(OF_A_PLACE)  # dearer than a bucket holds, which is not full any more
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert answer["data"]["store"] is None


async def test_allowances_are_made_once_for_all_lists_of_a_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await api.staff()
    await open_shop(admin, 3, "ONE")
    made: list[int] = []
    make = callers.allowances_of

    def counted(settings: Any) -> Any:
        made.append(1)
        return make(settings)

    async def sizes(ctx: Context) -> tuple[int, int]:
        return EACH, PLACES

    monkeypatch.setattr(at_size, "allowances_of", counted)
    monkeypatch.setattr(level_sizes, "sizes", sizes)
    lists = " ".join(
        f"l{number}: stockLevels(sort: UPDATED, first: 1) {{ edges {{ cursor }} }}"
        for number in range(3)
    )
    answer = await admin.send(f"{{ {lists} }}")
    assert "errors" not in answer
    assert made == []  # the operation's own charge pays
