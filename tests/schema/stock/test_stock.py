from __future__ import annotations

import json
from typing import Any

import pytest

from schema.nodes.nodes import global_id
from tests.make.api import Api
from tests.make.documents import document
from tests.make.listening import all_listen
from tests.make.persons import staff
from tests.make.shop import Shop, new_key, open_shop, put

LEVEL = "{ onHand available held committed damaged quarantined incoming safetyStock version }"
ADJUST = (
    "mutation($input: StockAdjustInput!) { stockAdjust(input: $input) { level { available damaged }"
    " movement { id sequence fromState toState quantity reason note documentId"
    " actor { __typename } variant { sku } location { code } }"
    " userErrors { code message path ... on InsufficientStock { requested available variant { sku } } } } }"
)
CHANGED = (
    "subscription($v: [ID!], $l: [ID!], $after: BigInt)"
    " { stockChanged(variantIds: $v, locationIds: $l, after: $after) { available location { code } } }"
)


def adjustment(shop: Shop, path: str, quantity: int, reason: str) -> dict[str, Any]:
    origin, target = path.split(">")
    return {
        "locationCode": shop.store_code,
        "sku": shop.sku,
        "fromState": origin,
        "toState": target,
        "quantity": quantity,
        "reason": reason,
        "note": "seen",
        "idempotencyKey": new_key(),
    }


async def levels_of(api: Api, shop: Shop) -> dict[str, int]:
    query = f"query($v: ID!) {{ stockLevels(filter: {{ variantId: $v }}) {{ edges {{ node {LEVEL} }} }} }}"
    (edge,) = (await api.ask(query, v=shop.variant_id))["stockLevels"]["edges"]
    return edge["node"]  # type: ignore[no-any-return]


async def test_stock_is_set_and_a_broken_row_is_named(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    broken = await put(admin, ("SHOP", shop.sku, 9), ("SHOP", "NOTHING", 1))
    assert [row["ok"] for row in broken["results"]] == [True, False]
    assert broken["results"][1]["externalCode"] == "SHOP/NOTHING"
    assert [(e["code"], e["path"]) for e in broken["userErrors"]] == [
        ("NOT_FOUND", ["rows", "1", "sku"])
    ]
    assert (await levels_of(admin, shop))["available"] == 5
    skipped = await put(admin, ("SHOP", shop.sku, 9), ("SHOP", "NOTHING", 1), onError="SKIP_FAILED")
    assert skipped["userErrors"] == []
    assert [row["ok"] for row in skipped["results"]] == [True, False]
    assert [level["available"] for level in skipped["levels"]] == [9]


async def test_refusals_speak_chinese(api: Api) -> None:
    admin = (await api.staff()).speaking("zh")
    await open_shop(admin, 5)
    broken = await put(admin, ("SHOP", "NOTHING", 1))
    assert broken["userErrors"][0]["message"] == "没有 SKU NOTHING。"


async def test_pieces_are_adjusted_and_the_ledger_says_who_did_it(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    done = await admin.do(ADJUST, input=adjustment(shop, "AVAILABLE>DAMAGED", 2, "DAMAGE"))
    assert done["level"] == {"available": 3, "damaged": 2}
    movement = done["movement"]
    assert movement["actor"] == {"__typename": "Staff"}
    assert (movement["variant"]["sku"], movement["location"]["code"]) == (shop.sku, "SHOP")
    found = await admin.ask(
        "query($v: ID!) { stockMovements(filter: { variantId: $v }, last: 1)"
        " { edges { node { id quantity reason } } pageInfo { hasPreviousPage } } }",
        v=shop.variant_id,
    )
    assert found["stockMovements"]["pageInfo"]["hasPreviousPage"]
    assert found["stockMovements"]["edges"][0]["node"] == {
        "id": movement["id"],
        "quantity": 2,
        "reason": "DAMAGE",
    }
    again = await admin.ask("query($id: ID!) { node(id: $id) { id } }", id=movement["id"])
    assert again["node"] == {"id": movement["id"]}


async def test_too_few_pieces_are_refused_with_the_variant(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    (error,) = await admin.refused(ADJUST, input=adjustment(shop, "DAMAGED>OUTSIDE", 1, "DAMAGE"))
    assert (error["code"], error["path"]) == ("INSUFFICIENT_STOCK", ["quantity"])
    assert (error["requested"], error["available"], error["variant"]["sku"]) == (1, 0, shop.sku)


async def test_visitors_see_what_they_may_buy_and_no_ledger(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    await admin.do(ADJUST, input=adjustment(shop, "OUTSIDE>DAMAGED", 3, "RETURN"))
    assert (await levels_of(admin, shop))["onHand"] == 8
    seen = await levels_of(api, shop)
    assert (seen["onHand"], seen["available"], seen["damaged"]) == (5, 5, 0)
    for query in ("{ stockMovements { edges { cursor } } }", "{ stockAudit { checkedLevels } }"):
        answer = await api.send(query)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_guests_cannot_write_stock(api: Api) -> None:
    admin, guest = await api.staff(), await api.guest()
    shop = await open_shop(admin, 5)
    rows = [{"locationCode": "SHOP", "sku": shop.sku, "quantity": 500}]
    answer = await guest.send(
        document("erp/stock_set"), input={"rows": rows, "idempotencyKey": "x"}
    )
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await levels_of(admin, shop))["available"] == 5


async def test_the_audit_finds_no_drift(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    audit = (await admin.ask(document("hq/stock_audit")))["stockAudit"]
    assert audit == {"checkedLevels": 1, "drifts": [], "promiseFaults": []}


async def test_subscribers_hear_of_every_change_and_go_on_where_they_were(api: Api) -> None:
    admin = await api.staff()
    shop, other = await open_shop(admin, 5), await open_shop(admin, 5, code="OTHER")
    async with api.subscribe(CHANGED, v=[shop.variant_id]) as screen:
        await all_listen()
        await put(admin, ("OTHER", other.sku, 6))
        await put(admin, ("SHOP", shop.sku, 4))
        event = await screen.next()
        assert event["data"]["stockChanged"] == {"available": 4, "location": {"code": "SHOP"}}
        sequence = event["extensions"]["sequence"]
        await put(admin, ("SHOP", shop.sku, 4))
        assert await screen.silent()
    await put(admin, ("SHOP", shop.sku, 3))
    async with api.subscribe(CHANGED, l=[shop.store_id], after=sequence) as screen:
        assert (await screen.next())["data"]["stockChanged"]["available"] == 3
        await put(admin, ("SHOP", shop.sku, 2))
        event = await screen.next()
        assert event["data"]["stockChanged"]["available"] == 2
        assert int(event["extensions"]["sequence"]) > int(sequence)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("locationIds", "Store", "There is no such store or warehouse."),
        ("variantIds", "Variant", "There is no such variant."),
    ],
)
async def test_who_follows_what_is_not_there_is_told_alike_whether_it_is_foreign(
    api: Api, name: str, kind: str, says: str
) -> None:
    platform = await api.staff()
    for merchant in ("HOME", "RIVAL"):
        given = {"code": merchant, "name": merchant, "kind": "MERCHANT"}
        await platform.do(document("hq/organisation_upsert"), input=given)
    home, rival = await staff(platform, "HOME", "ADMIN"), await staff(platform, "RIVAL", "ADMIN")
    shop = await open_shop(home, 5)
    own = {"Store": shop.store_id, "Variant": shop.variant_id}[kind]
    code = {"Store": "store:NOPE", "Variant": "sku:NOPE"}[kind]
    ask = f"subscription($ids: [ID!]) {{ stockChanged({name}: $ids) {{ available }} }}"
    key = {"name": "R", "channel": "APP", "organisationCode": "RIVAL"}
    made = await rival.do(document("hq/storefront_create"), input=key)
    through = api.through(made["storefront"]["key"])
    for caller, ids in (
        (api, [own, code]),
        (api, [global_id(kind, 10**9)]),
        (through, [own]),
        (through.as_(rival.token), [own]),
    ):
        async with caller.subscribe(ask, ids=ids) as screen:
            [error] = json.loads(await screen.socket.recv())["payload"]
        assert (error["message"], error["extensions"]["code"]) == (says, "NOT_FOUND")
    async with api.subscribe(ask, ids=[own]) as screen:
        assert await screen.silent()


async def test_changes_read_together_come_once_a_level(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 0)
    for count in range(1, 6):
        await put(admin, ("SHOP", shop.sku, count))
    async with api.subscribe(CHANGED, v=[shop.variant_id], after="0") as screen:
        event = await screen.next()
        assert event["data"]["stockChanged"]["available"] == 5
        assert await screen.silent()


async def test_what_is_no_id_is_refused(api: Api) -> None:
    answer = await api.send(
        '{ stockLevels(filter: { variantId: "nonsense" }) { edges { cursor } } }'
    )
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_a_variant_tells_where_its_pieces_are_nearest_first(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    far = {
        "code": "FAR",
        "name": "Far away",
        "address": {"street": "南京路1号"},
        "position": {"latitude": 31.23, "longitude": 121.47},
    }
    await admin.do(document("erp/store_upsert"), input={"stores": [far]})
    await put(admin, ("FAR", shop.sku, 2))
    query = (
        "query($sku: String!, $near: GeoPointInput, $after: String) { variant(sku: $sku) { available"
        " stockLevels(near: $near, first: 1, after: $after) { pageInfo { hasNextPage endCursor }"
        " edges { node { available distanceMetres location { code } } } } } }"
    )
    codes, after = [], None
    for _ in range(2):
        near = {"latitude": 31.0, "longitude": 121.0}
        found = (await api.ask(query, sku=shop.sku, near=near, after=after))["variant"]
        assert found["available"] == 7
        (edge,) = found["stockLevels"]["edges"]
        assert edge["node"]["distanceMetres"] > 10_000
        codes.append(edge["node"]["location"]["code"])
        after = found["stockLevels"]["pageInfo"]["endCursor"]
    assert codes == ["FAR", "SHOP"]
    plain = (await api.ask(query, sku=shop.sku))["variant"]["stockLevels"]["edges"][0]["node"]
    assert plain == {"available": 2, "distanceMetres": None, "location": {"code": "FAR"}}


async def test_safety_stock_is_set_over_the_api_and_rehearsed_first(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    rows = [{"locationCode": "SHOP", "quantity": 2}]
    rehearsed = await admin.do(
        document("hq/safety_stock_set"), input={"rows": rows, "dryRun": True}
    )
    assert (rehearsed["changedLevels"], (await levels_of(admin, shop))["safetyStock"]) == (1, 0)
    done = await admin.do(document("hq/safety_stock_set"), input={"rows": rows})
    assert done["results"][0]["externalCode"] == "SHOP"
    assert (await levels_of(admin, shop))["safetyStock"] == 2
    assert (await levels_of(api, shop))["available"] == 3
    faulty = [{"locationCode": "SHOP", "sku": "NOTHING", "quantity": 1}]
    (error,) = await admin.speaking("zh").refused(
        document("hq/safety_stock_set"), input={"rows": faulty}
    )
    assert (error["path"], error["message"]) == (["rows", "0", "sku"], "没有 SKU NOTHING。")
