"""Every list of stock documents is cut by whatever it names, and paged in both directions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.errors import InvalidInput
from schema.stock.documents.filters import (
    PurchaseOrderFilter,
    StockDocumentFilter,
    StocktakeFilter,
    SupplierReturnFilter,
    TransferFilter,
)
from tests.make.api import Api
from tests.make.persons import staff
from tests.make.shop import Shop, open_shop
from tests.make.stock_documents import a_document, asking

LISTS = ("transfers", "purchaseOrders", "supplierReturns", "stocktakes")
ONGOING = {"stocktakes": "OPEN"}  # others begin as SUBMITTED
BOUGHT = ("purchaseOrders", "supplierReturns")


@pytest.fixture
async def shops(api: Api) -> tuple[Api, list[Shop]]:
    """Three shops with a document of each kind, the third's supplier another."""
    admin = await api.staff()
    shops = [await open_shop(admin, 9, code=code) for code in ("ONE", "TWO", "THREE")]
    suppliers = [{"code": code, "name": code} for code in ("DAIRY", "BAKERY")]
    await admin.do(asking("supplierUpsert"), input={"suppliers": suppliers})
    for at, supplier in ((0, "DAIRY"), (1, "DAIRY"), (2, "BAKERY")):
        for name in LISTS:
            await a_document(admin, name, shops[at], shops[at - 1], supplier)
    return admin, shops


async def found(who: Api, name: str, wanted: str = "") -> list[Any]:
    page = await who.ask(
        f"{{ {name}(filter: {{ {wanted} }} first: 9) {{ totalCount edges {{ node {{ number }} }} }} }}"
    )
    assert page[name]["totalCount"] == len(page[name]["edges"])
    return [edge["node"]["number"] for edge in page[name]["edges"]]


async def test_each_state_is_counted_without_the_state_that_is_asked_for(
    shops: tuple[Api, list[Shop]],
) -> None:
    hq, _ = shops
    for name in LISTS:
        page = await hq.ask(
            f"{{ {name}(filter: {{ status: [CANCELLED] }}) {{ totalCount statusCounts {{ value count }} }} }}"
        )
        state = ONGOING.get(name, "SUBMITTED")
        assert page[name] == {"totalCount": 0, "statusCounts": [{"value": state, "count": 3}]}


async def test_a_list_is_cut_by_whatever_it_names(shops: tuple[Api, list[Shop]]) -> None:
    hq, (one, _, three) = shops
    for name in LISTS:
        latest, middle, first = await found(hq, name)
        at_one = [first] if name != "transfers" else [middle, first]
        assert await found(hq, name, f'locationId: "{one.store_id}"') == at_one, name
        state = ONGOING.get(name, "SUBMITTED")
        assert await found(hq, name, f"status: [{state}, CANCELLED]") == [latest, middle, first]
        assert await found(hq, name, "status: [CANCELLED]") == []
        assert await found(hq, name, f'number: "{middle}"') == [middle], name
        assert await found(hq, name, f'number: "{middle[:-1]}"') == [], name
        assert await found(hq, name, f'number: "{middle}" status: [CANCELLED]') == [], name
        if name in BOUGHT:
            assert await found(hq, name, 'supplierCode: "DAIRY"') == [middle, first]
            assert await found(hq, name, 'supplierCode: "NOBODY"') == []
        at_three = f'locationId: "{three.store_id}" number: "{latest}"'
        assert await found(hq, name, at_three) == [latest], name


async def test_dates_begin_with_the_first_and_end_before_the_last(
    shops: tuple[Api, list[Shop]],
) -> None:
    hq, _ = shops
    for name in LISTS:
        page = await hq.ask(f"{{ {name}(first: 9) {{ edges {{ node {{ number createdAt }} }} }} }}")
        (latest, _), (middle, at), (first, _) = [
            edge["node"].values() for edge in page[name]["edges"]
        ]
        assert await found(hq, name, f'createdFrom: "{at}"') == [latest, middle], name
        assert await found(hq, name, f'createdTo: "{at}"') == [first], name
        later = (datetime.fromisoformat(at) + timedelta(microseconds=1)).isoformat()
        assert await found(hq, name, f'createdFrom: "{at}" createdTo: "{later}"') == [middle]
        assert await found(hq, name, f'createdFrom: "{later}" createdTo: "{at}"') == [], name


PAGE = """{ %s(%s) {
  edges { node { number } cursor } pageInfo { hasNextPage hasPreviousPage }
} }"""


async def test_pages_go_both_ways_and_a_cursor_is_good_for_one_filter(
    shops: tuple[Api, list[Shop]],
) -> None:
    hq, _ = shops
    for name in LISTS:
        latest, middle, first = await found(hq, name)
        last = (await hq.ask(PAGE % (name, "last: 2")))[name]
        assert [edge["node"]["number"] for edge in last["edges"]] == [middle, first], name
        assert last["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
        cursor = last["edges"][0]["cursor"]
        before = (await hq.ask(PAGE % (name, f'last: 2 before: "{cursor}"')))[name]
        assert [edge["node"]["number"] for edge in before["edges"]] == [latest], name
        for other in (f'number: "{middle}"', 'createdTo: "2099-01-01T00:00:00Z"', "status: []"):
            answer = await hq.send(
                PAGE % (name, f'first: 2 after: "{cursor}" filter: {{ {other} }}')
            )
            assert answer["errors"][0]["extensions"]["code"] == "INVALID", (name, other)


async def test_a_list_is_cut_to_the_territory_whatever_it_names(
    shops: tuple[Api, list[Shop]],
) -> None:
    hq, (_, two, _) = shops
    stranger = await staff(hq, "ONE", "ADMIN")
    for name in LISTS:
        _, middle, first = await found(hq, name)
        mine = [first] if name != "transfers" else [middle, first]
        assert await found(stranger, name) == mine, name
        assert await found(stranger, name, f'number: "{middle}"') == mine[:-1], name
        assert await found(stranger, name, f'locationId: "{two.store_id}"') == mine[:-1], name


@pytest.mark.parametrize(
    "wanted",
    [
        TransferFilter(location_id="x").wanted,
        PurchaseOrderFilter(location_id="x").wanted,
        StocktakeFilter(location_id="x").wanted,
        SupplierReturnFilter(location_id="x").wanted,
        StockDocumentFilter(location_id="x").any_kind,
    ],
)
def test_a_wrong_place_is_named_by_its_path_in_the_filter(wanted: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        wanted()
    assert refused.value.path == ("filter", "locationId")
