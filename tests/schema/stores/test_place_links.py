"""Places, their nodes of the tree, who works there, and what stands there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import Shop, open_shop
from tests.make.statements import counting

PLACES = """query ($first: Int!, $variant: ID!) { stores(first: $first) { edges { node {
  code address { street } staff(first: 2) { totalCount edges { node { name username } } }
  stockLevel(variantId: $variant) { available held }
  organisation { code active store { code } warehouse { code } staff(first: 1) { totalCount } }
} } } }"""
NODE = """query ($code: String!) {
  organisation(code: $code) { active store { code } warehouse { code } }
}"""
WAREHOUSE = """query ($id: ID, $code: String) {
  warehouse(id: $id, code: $code) { id code address { street } }
}"""
NODES = """query ($filter: OrganisationFilter, $first: Int, $after: String) {
  organisations(filter: $filter, first: $first, after: $after) {
    totalCount edges { node { code } } pageInfo { hasNextPage endCursor }
} }"""


@pytest.fixture
async def shops(api: Api) -> tuple[Api, list[Shop]]:
    admin = await api.staff()
    return admin, [await open_shop(admin, 9, code=code) for code in ("ONE", "TWO", "THREE")]


async def places(who: Api, shop: Shop, first: int = 9) -> dict[str, Any]:
    page = await who.ask(PLACES, first=first, variant=shop.variant_id)
    return {edge["node"]["code"]: edge["node"] for edge in page["stores"]["edges"]}


async def codes(who: Api, **wanted: Any) -> list[str]:
    page = (await who.ask(NODES, filter=wanted))["organisations"]
    found = [edge["node"]["code"] for edge in page["edges"]]
    assert page["totalCount"] == len(found)
    return found


async def test_who_works_at_a_place_knows_who_else_does(shops: tuple[Api, list[Shop]]) -> None:
    admin, (one, _, _) = shops
    clerk = await staff(admin, "ONE", "CASHIER")
    await staff(admin, "ONE", "PICKER")
    await staff(admin, "TWO", "PICKER")

    seen = await places(clerk, one)
    assert seen["ONE"]["staff"]["totalCount"] == len(seen["ONE"]["staff"]["edges"]) == 2
    assert seen["ONE"]["organisation"]["staff"] == {"totalCount": 2}
    assert [edge["node"]["username"] is None for edge in seen["ONE"]["staff"]["edges"]] == [
        False,
        True,
    ]
    assert seen["TWO"]["staff"] == {"totalCount": 0, "edges": []}
    assert (await places(admin, one))["TWO"]["staff"]["totalCount"] == 1

    for stranger in (clerk.as_(None), await admin.guest()):
        strange = await places(stranger, one)
        assert {each["staff"]["totalCount"] for each in strange.values()} == {0}
        assert strange["ONE"]["stockLevel"] == {"available": 9, "held": 0}
        assert strange["TWO"]["stockLevel"] is None


async def test_somebody_with_two_roles_is_listed_once_and_one_who_left_not_at_all(
    shops: tuple[Api, list[Shop]],
) -> None:
    admin, (one, _, _) = shops
    given = {
        "username": "both",
        "password": "a-long-password",
        "name": "Both",
        "grants": [{"role": role, "organisationCode": "ONE"} for role in ("CASHIER", "PICKER")],
    }
    person = (await admin.do(document("hq/staff_create"), input=given))["staff"]
    assert (await places(admin, one))["ONE"]["staff"]["totalCount"] == 1
    await admin.do(document("hq/staff_update"), input={"staffId": person["id"], "active": False})
    assert (await places(admin, one))["ONE"]["staff"] == {"totalCount": 0, "edges": []}


async def test_places_cost_the_same_statements_however_many(shops: tuple[Api, list[Shop]]) -> None:
    admin, (one, _, _) = shops
    for code in ("ONE", "TWO", "THREE"):
        await staff(admin, code, "PICKER")
    counts = []
    for first in (1, 3):
        with counting() as statements:
            assert len(await places(admin, one, first)) == first
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 25


async def test_a_node_leads_to_its_place_and_says_whether_it_is_in_use(
    shops: tuple[Api, list[Shop]],
) -> None:
    admin, (one, _, _) = shops
    depot = {
        "code": "DEPOT",
        "name": "Depot",
        "kind": "WAREHOUSE",
        "address": {"street": "北站路1号"},
    }
    await admin.do(document("erp/store_upsert"), input={"stores": [depot]})
    assert (await places(admin, one))["ONE"]["organisation"]["store"] == {"code": "ONE"}
    node = (await admin.ask(NODE, code="DEPOT"))["organisation"]
    assert node == {"active": True, "store": None, "warehouse": {"code": "DEPOT"}}
    await admin.do(document("erp/store_upsert"), input={"stores": [{**depot, "active": False}]})
    assert not (await admin.ask(NODE, code="DEPOT"))["organisation"]["active"]
    assert (await admin.ask(NODE, code="PLATFORM"))["organisation"] == {
        "active": True,
        "store": None,
        "warehouse": None,
    }

    found = (await admin.ask(WAREHOUSE, code=" depot "))["warehouse"]
    assert (found["code"], found["address"]) == ("DEPOT", {"street": "北站路1号"})
    assert (await admin.ask(WAREHOUSE, id=found["id"]))["warehouse"] == found
    clerk = await staff(admin, "ONE", "CASHIER")
    assert (await clerk.ask(WAREHOUSE, id=found["id"]))["warehouse"] == found
    for who in (await admin.guest(), admin.as_(None)):
        assert (await who.ask(WAREHOUSE, code="DEPOT"))["warehouse"] is None
        assert (await who.ask(WAREHOUSE, id=found["id"]))["warehouse"] is None
    assert (await admin.ask(WAREHOUSE, code="ONE"))["warehouse"] is None


async def test_the_tree_is_searched_as_far_as_it_is_seen(shops: tuple[Api, list[Shop]]) -> None:
    admin, _ = shops
    east = {"code": "EAST", "name": "Region 东", "kind": "REGION"}
    await admin.do(document("hq/organisation_upsert"), input=east)
    assert await codes(admin, kind=["STORE"]) == ["ONE", "THREE", "TWO"]
    assert await codes(admin, search="东") == await codes(admin, search="region") == ["EAST"]
    assert await codes(admin, search="%") == await codes(admin, search="_") == []
    assert await codes(admin, kind=[]) == []
    assert "EAST" not in await codes(await admin.guest())
    manager = await staff(admin, "EAST", "MANAGER")
    assert "EAST" in await codes(manager)

    page = (await admin.ask(NODES, filter={"kind": ["STORE"]}, first=2))["organisations"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    cursor = page["pageInfo"]["endCursor"]
    rest = (await admin.ask(NODES, filter={"kind": ["STORE"]}, first=2, after=cursor))[
        "organisations"
    ]
    assert [edge["node"]["code"] for edge in rest["edges"]] == ["TWO"]
    other = await admin.send(NODES, filter={"kind": ["REGION"]}, first=2, after=cursor)
    assert other["errors"][0]["extensions"]["code"] == "INVALID"
