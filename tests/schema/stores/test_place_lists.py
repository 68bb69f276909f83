"""What stands at places, what was sent there and what counts for them: a page for each of many at once."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounts.roles import Role
from models.orders.orders import Order
from tests.make.api import Api
from tests.make.counter import Counter, a_clerk, open_counter, pay, place
from tests.make.sales import a_level_in_a_store
from tests.make.statements import counting
from tests.make.stock import a_level

PLACES = """query ($first: Int!, $size: Int, $levels: String, $parts: String, $orders: String,
  $levelSort: StockLevelSort, $partSort: FulfilmentSort, $orderSort: OrderSort,
  $levelFilter: StockLevelFilter, $partFilter: FulfilmentFilter, $orderFilter: OrderFilter) {
  stores(first: $first) { edges { node { code
    stockLevels(first: $size, after: $levels, sort: $levelSort, filter: $levelFilter) {
      totalCount totals { onHand } edges { cursor node { available } } pageInfo { hasNextPage } }
    fulfilments(first: $size, after: $parts, sort: $partSort, filter: $partFilter) {
      totalCount statusCounts { value count } edges { cursor node { number status } }
      pageInfo { hasNextPage } }
    orders(first: $size, after: $orders, sort: $orderSort, filter: $orderFilter) {
      totalCount statusCounts { value count } totals { payable { amount } }
      edges { cursor node { number } } pageInfo { hasNextPage } }
} } } }"""
NOTHING = {"totalCount": 0, "statusCounts": [], "edges": [], "pageInfo": {"hasNextPage": False}}


@pytest.fixture
async def counters(api: Api) -> list[Counter]:
    """Three stores; of three paid orders in each all are picked up there, and two count for it."""
    counters = [await open_counter(api, 30) for _ in range(3)]
    for counter in counters:
        await a_level(counter.ctx, 7, location=await _location(counter))
        guest = await api.guest()
        for number in range(3):
            order = await place(counter, guest, quantity=number + 1)
            await pay(counter, guest, order)
            if number:
                counts_for = {"attribution_store_id": counter.level.location_id}
                await Order.filter(number=order["number"]).update(**counts_for)
    return counters


async def _location(counter: Counter) -> Any:
    return await counter.level.location


async def places(who: Api, first: int = 3, **asked: Any) -> dict[str, Any]:
    page = await who.ask(PLACES, **{"first": first, "size": 20} | asked)
    return {edge["node"]["code"]: edge["node"] for edge in page["stores"]["edges"]}


async def code_of(counter: Counter) -> str:
    return str((await _location(counter)).code)


async def test_each_place_has_its_own_lists(counters: list[Counter]) -> None:
    admin = await counters[0].api.staff()
    seen = await places(admin)
    assert len(seen) == 3
    for counter in counters:
        node = seen[await code_of(counter)]
        assert node["stockLevels"]["totalCount"] == len(node["stockLevels"]["edges"]) == 2
        assert node["stockLevels"]["totals"] == {"onHand": 37}
        assert node["fulfilments"]["totalCount"] == len(node["fulfilments"]["edges"]) == 3
        assert node["fulfilments"]["statusCounts"] == [{"value": "OPEN", "count": 3}]
        assert node["orders"]["totalCount"] == len(node["orders"]["edges"]) == 2
        assert node["orders"]["totals"] == {"payable": {"amount": "50.00"}}
    listed = [edge["node"]["number"] for node in seen.values() for edge in node["orders"]["edges"]]
    assert len(set(listed)) == 6


async def test_many_lists_cost_the_statements_of_one(counters: list[Counter]) -> None:
    admin = await counters[0].api.staff()
    counts = []
    for first in (2, 3):
        with counting() as statements:
            assert len(await places(admin, first)) == first
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 30, statements


@pytest.mark.parametrize("first", [1, 3])
async def test_a_cursor_goes_on_in_every_list(counters: list[Counter], first: int) -> None:
    admin = await counters[0].api.staff()
    sorts = {"levelSort": "AVAILABLE_DESC", "partSort": "OLDEST", "orderSort": "PAYABLE_DESC"}
    whole = await places(admin, first, **sorts)
    walked: dict[str, dict[str, list[str]]] = {}
    code = list(whole)[
        -1
    ]  # whose cursors are taken; where others end earlier they only add up to less
    after: dict[str, str] = {}
    for _ in range(3):
        part = await places(admin, first, size=1, **sorts, **after)
        for name in ("stockLevels", "fulfilments", "orders"):
            found = [edge["cursor"] for edge in part[code][name]["edges"]]
            walked.setdefault(code, {}).setdefault(name, []).extend(found)
        ends = {"levels": "stockLevels", "parts": "fulfilments", "orders": "orders"}
        for argument, name in ends.items():
            if edges := part[code][name]["edges"]:
                after[argument] = edges[-1]["cursor"]
    for name in ("stockLevels", "fulfilments", "orders"):
        assert walked[code][name] == [edge["cursor"] for edge in whole[code][name]["edges"]]


@pytest.mark.parametrize("first", [1, 3])
async def test_every_list_is_read_from_its_end(counters: list[Counter], first: int) -> None:
    admin = await counters[0].api.staff()
    query = """query ($first: Int!, $last: Int, $levels: String, $parts: String, $orders: String) {
      stores(first: $first) { edges { node { code
        stockLevels(last: $last, before: $levels) { ...Levels }
        fulfilments(last: $last, before: $parts, sort: DUE) { ...Parts }
        orders(last: $last, before: $orders, sort: UPDATED) { ...Orders }
      } } } }
      fragment Levels on StockLevelConnection { edges { cursor } pageInfo { ...Info } }
      fragment Parts on FulfilmentConnection { edges { cursor } pageInfo { ...Info } }
      fragment Orders on OrderConnection { edges { cursor } pageInfo { ...Info } }
      fragment Info on PageInfo { hasNextPage hasPreviousPage }"""

    async def last(size: int, **before: str) -> Any:
        page = await admin.ask(query, first=first, last=size, **before)
        return page["stores"]["edges"][-1]["node"]

    whole, end = await last(9), await last(1)
    names = {"levels": "stockLevels", "parts": "fulfilments", "orders": "orders"}
    before = {key: end[name]["edges"][0]["cursor"] for key, name in names.items()}
    rest = await last(1, **before)
    for name in names.values():
        assert whole[name]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
        assert end[name]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
        assert [*rest[name]["edges"], *end[name]["edges"]] == whole[name]["edges"][-2:]
        assert rest[name]["pageInfo"]["hasNextPage"]


async def test_filters_hold_in_every_list(counters: list[Counter]) -> None:
    admin = await counters[0].api.staff()
    own = counters[1]
    seen = await places(
        admin,
        levelFilter={"variantId": own.variant_id},
        partFilter={"locationId": own.store_id, "status": ["OPEN"]},
        orderFilter={"status": ["CANCELLED"]},
    )
    code = await code_of(own)
    for each, node in seen.items():
        assert node["stockLevels"]["totalCount"] == (1 if each == code else 0)
        assert node["fulfilments"]["totalCount"] == (3 if each == code else 0)
        assert node["orders"]["edges"] == []
        assert node["orders"]["statusCounts"] != []


async def test_staff_of_one_store_see_its_lists_and_others_nothing(
    counters: list[Counter],
) -> None:
    first, second, _ = counters
    manager = await a_clerk(first.api, first.ctx, first.level.location_id, Role.MANAGER)
    own, foreign = await code_of(first), await code_of(second)
    seen = await places(manager)
    assert seen[own]["fulfilments"]["totalCount"] == 3
    assert seen[own]["orders"]["totalCount"] == 2
    assert seen[own]["stockLevels"]["totals"] == {"onHand": 37}
    assert seen[foreign]["fulfilments"] == NOTHING
    assert seen[foreign]["orders"] == NOTHING | {"totals": {"payable": {"amount": "0.00"}}}
    assert seen[foreign]["stockLevels"]["totals"] == {"onHand": 0}
    for stranger in (first.api, await first.api.guest()):
        for node in (await places(stranger, 1)).values():
            assert node["fulfilments"] == NOTHING
            assert node["orders"]["edges"] == []
            assert node["orders"]["totalCount"] == 0
            assert node["stockLevels"]["totals"] == {"onHand": 0}


async def test_a_warehouse_has_lists_too(counters: list[Counter]) -> None:
    ctx = counters[0].ctx
    level = await a_level_in_a_store(ctx, 4, code="HOUSE", kind="WAREHOUSE")
    admin = await counters[0].api.staff()
    query = """query { warehouse(code: "HOUSE") { organisation { kind }
      stockLevels { totals { available } edges { node { location { id } } } }
      fulfilments { totalCount } } }"""
    found = (await admin.ask(query))["warehouse"]
    assert found["organisation"] == {"kind": "WAREHOUSE"}
    assert found["stockLevels"]["totals"] == {"available": level.available}
    assert len(found["stockLevels"]["edges"]) == 1
    assert found["fulfilments"] == {"totalCount": 0}
