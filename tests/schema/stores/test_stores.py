from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document

UPSERT = document("erp/store_upsert")
NEAR = """query($near: GeoPointInput, $filter: StoreFilter, $first: Int, $after: String) {
  stores(near: $near, filter: $filter, first: $first, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } edges { cursor distanceMetres node { code name
      organisation { code kind } position(system: GCJ02) { latitude longitude system } } } } }"""
STORE = """query($code: String) { store(code: $code) {
  id code name active phone deliveryRadiusMetres services isOpen
  closed: isOpen(at: "2026-01-05T23:00:00+08:00") address { street city }
  hours { weekday opens closes } position { latitude longitude system }
  given: position(system: BD09) { latitude longitude system } } }"""
HERE = {"latitude": 41.8, "longitude": 123.4, "system": "GCJ02"}


def row(code: str, north: float = 0.0, **given: Any) -> dict[str, Any]:
    position = {"latitude": 41.8 + north, "longitude": 123.4, "system": "GCJ02"}
    address = {"street": "太原街2号", "city": "沈阳市"}
    return {"code": code, "name": f"{code}店", "address": address, "position": position, **given}


async def test_a_store_is_read_as_it_was_sent(api: Api) -> None:
    hours = [{"weekday": "MONDAY", "opens": "09:00", "closes": "22:00"}]
    position = {"latitude": 41.77968209, "longitude": 123.3619643, "system": "BD09"}
    sent = row("S1", hours=hours, position=position, phone="024-1", deliveryRadiusMetres=900)
    await (await api.staff()).do(UPSERT, input={"stores": [sent]})
    store = (await api.ask(STORE, code="S1"))["store"]
    assert store["hours"] == hours
    assert store["given"] == position
    assert store["position"]["system"] == "WGS84"
    assert store["position"]["latitude"] == pytest.approx(41.7709257, abs=2e-5)
    assert (store["phone"], store["deliveryRadiusMetres"], store["closed"]) == ("024-1", 900, False)
    assert store["address"] == {"street": "太原街2号", "city": "沈阳市"}
    node = await api.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=store["id"])
    assert node["node"] == {"__typename": "Store", "id": store["id"]}


async def test_the_nearest_come_first_page_by_page(api: Api) -> None:
    rows = [row(f"S{n}", north=0.01 * (n * 7 % 10)) for n in range(10)]
    await (await api.staff()).do(UPSERT, input={"stores": rows})
    order = sorted(rows, key=lambda each: each["position"]["latitude"])
    first = (await api.ask(NEAR, near=HERE, first=6))["stores"]
    after = first["pageInfo"]["endCursor"]
    rest = (await api.ask(NEAR, near=HERE, first=6, after=after))["stores"]
    edges = [*first["edges"], *rest["edges"]]
    assert [each["node"]["code"] for each in edges] == [each["code"] for each in order]
    assert (first["totalCount"], edges[0]["distanceMetres"]) == (10, 0)
    assert edges[1]["distanceMetres"] == pytest.approx(1_111, abs=2)
    assert edges[1]["node"]["position"]["system"] == "GCJ02"
    assert edges[1]["node"]["organisation"] == {
        "code": edges[1]["node"]["code"],
        "kind": "STORE",
    }
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_a_list_costs_the_same_statements_for_3_or_30_stores(
    api: Api, count_statements: Callable[[], Any]
) -> None:
    rows = [row(f"S{n:02}", north=0.0001 * n) for n in range(40)]
    await (await api.staff()).do(UPSERT, input={"stores": rows})
    counts = []
    for first in (3, 30):
        with count_statements() as statements:
            page = (await api.ask(NEAR, near=HERE, first=first))["stores"]
        assert len(page["edges"]) == first
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8


async def test_a_broken_row_is_named_and_nothing_is_there(api: Api) -> None:
    admin = await api.staff()
    broken = row("S2", position={"latitude": 95, "longitude": 0})
    payload = (await admin.ask(UPSERT, input={"stores": [row("S1"), broken]}))["storeUpsert"]
    path = ["stores", "1", "position", "latitude"]
    assert [(each["code"], each["path"]) for each in payload["userErrors"]] == [("INVALID", path)]
    assert [each["ok"] for each in payload["results"]] == [True, False]
    assert (await api.ask(STORE, code="S1"))["store"] is None


async def test_null_island_is_refused(api: Api) -> None:
    admin = await api.staff()
    nowhere = row("S1", position={"latitude": 0, "longitude": 0, "system": "GCJ02"})
    (error,) = await admin.refused(UPSERT, input={"stores": [nowhere]})
    assert (error["code"], error["path"]) == ("INVALID", ["stores", "0", "position"])
    near = await api.send(
        "query($near: GeoPointInput) { stores(near: $near) { edges { node { code } } } }",
        near={"latitude": 0, "longitude": 0},
    )
    assert near["errors"][0]["extensions"]["code"] == "INVALID"
    await admin.do(
        UPSERT, input={"stores": [row("S1", position={"latitude": 0.5, "longitude": 0})]}
    )
    assert (await api.ask(STORE, code="S1"))["store"]["position"]["latitude"] == 0.5


async def test_omitted_stays_and_null_empties(api: Api) -> None:
    admin = await api.staff()
    await admin.do(UPSERT, input={"stores": [row("S1", phone="024-1", deliveryRadiusMetres=5)]})
    short = {"code": "S1", "name": "S1店", "address": {"street": "太原街2号", "city": "沈阳市"}}
    payload = await admin.do(UPSERT, input={"stores": [short]})
    assert (payload["created"], payload["updated"]) == (0, 0)
    await admin.do(UPSERT, input={"stores": [{**short, "phone": None, "position": None}]})
    store = (await api.ask(STORE, code="S1"))["store"]
    assert (store["phone"], store["position"]) == (None, None)
    assert store["deliveryRadiusMetres"] == 5


async def test_hostile_questions_are_refused_politely(api: Api) -> None:
    await (await api.staff()).do(UPSERT, input={"stores": [row("S1")]})
    for variables in (
        {"near": {"latitude": 91, "longitude": 0}},
        {"filter": {"withinMetres": 5}},
        {"near": HERE, "filter": {"withinMetres": -5}},
        {"filter": {"carrying": [{"variantId": "x", "quantity": 1}]}},
        {"filter": {"openAt": "0001-01-01T00:00:00+00:00"}},
        {"first": 1, "after": "x"},
    ):
        answer = await api.send(NEAR, **variables)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID", variables


async def test_warehouses_are_locations_but_not_stores(api: Api) -> None:
    admin = await api.staff()
    await admin.do(UPSERT, input={"stores": [row("W1", kind="WAREHOUSE")]})
    assert (await api.ask(NEAR))["stores"]["totalCount"] == 0
    assert (await api.ask(STORE, code="W1"))["store"] is None
