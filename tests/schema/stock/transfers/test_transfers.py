"""Transfers over HTTP: three people of a chain, each with their own rights, and the ERP that listens."""

from __future__ import annotations

from typing import Any

from schema.nodes.nodes import global_id
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import Shop, new_key, open_shop

LEVELS = (
    "query($v: ID!) { stockLevels(filter: { variantId: $v }) { edges { node { available quarantined incoming"
    " onHand location { code } } } } }"
)


async def levels(api: Api, shop: Shop) -> dict[str, dict[str, Any]]:
    found = (await api.ask(LEVELS, v=shop.variant_id))["stockLevels"]["edges"]
    return {edge["node"]["location"]["code"]: edge["node"] for edge in found}


def asked(giving: Shop, asking: Shop, quantity: int) -> dict[str, Any]:
    return {
        "sourceId": giving.store_id,
        "destinationId": asking.store_id,
        "lines": [{"variantId": giving.variant_id, "quantity": quantity}],
        "note": "for the weekend",
        "idempotencyKey": new_key(),
    }


async def test_a_transfer_from_the_request_to_the_last_piece(api: Api) -> None:
    admin = await api.staff()
    giving, asking = await open_shop(admin, 10), await open_shop(admin, 1, code="OTHER")
    sender = await staff(admin, giving.store_code, "MANAGER")
    receiver = await staff(admin, asking.store_code, "MANAGER")
    stranger = await staff(admin, (await open_shop(admin, 1, code="THIRD")).store_code, "MANAGER")
    made = await receiver.do(document("store/transfer_request"), input=asked(giving, asking, 6))
    transfer = made["transfer"]
    assert (transfer["status"], transfer["availableActions"]) == ("SUBMITTED", ["CANCEL"])

    decided = {
        "transferId": transfer["id"],
        "lines": [{"variantId": giving.variant_id, "quantity": 4}],
    }
    answer = await receiver.send(document("hq/transfer_approve"), input=decided)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    agreed = await admin.do(document("hq/transfer_approve"), input=decided)
    assert agreed["transfer"]["lines"] == [
        {"variant": {"sku": giving.sku}, "requested": 6, "approved": 4}
    ]
    (conflict,) = await admin.refused(document("hq/transfer_approve"), input=decided)
    assert (conflict["code"], conflict["state"], conflict["allowed"]) == (
        "STATE_CONFLICT",
        "APPROVED",
        ["SHIP", "CANCEL"],
    )

    sending = {"transferId": transfer["id"], "idempotencyKey": new_key()}
    (hidden,) = await stranger.refused(document("store/transfer_ship"), input=sending)
    assert hidden["code"] == "NOT_FOUND"
    for _ in range(2):
        sent = await sender.do(document("store/transfer_ship"), input=sending)
        assert sent["transfer"]["lines"] == [{"shipped": 4}]
    found = await levels(admin, giving)
    assert found["SHOP"]["available"] == 6
    assert (found["OTHER"]["incoming"], found["OTHER"]["onHand"]) == (4, 0)

    counted = {"variantId": giving.variant_id, "accepted": 2, "rejected": 1, "lost": 1}
    receipt = {"transferId": transfer["id"], "lines": [counted], "idempotencyKey": new_key()}
    got = await receiver.do(document("store/transfer_receive"), input=receipt)
    assert got["transfer"]["status"] == "RECEIVED"
    found = await levels(admin, giving)
    assert (found["OTHER"]["available"], found["OTHER"]["quarantined"]) == (2, 1)
    assert found["OTHER"]["incoming"] == 0

    listed = await sender.ask(document("hq/transfers"), filter={"status": ["RECEIVED"]})
    (node,) = [edge["node"] for edge in listed["transfers"]["edges"]]
    assert (node["number"], node["availableActions"]) == (transfer["number"], [])
    assert [(each["from"], each["to"]) for each in node["history"]] == [
        (None, "SUBMITTED"),
        ("SUBMITTED", "APPROVED"),
        ("APPROVED", "IN_TRANSIT"),
        ("IN_TRANSIT", "RECEIVED"),
    ]
    assert (await stranger.ask(document("hq/transfers")))["transfers"]["edges"] == []
    audited = await admin.ask(document("hq/stock_audit"))
    assert audited["stockAudit"]["drifts"] == []


async def test_a_transfer_is_a_node_and_its_changes_are_in_the_feed(api: Api) -> None:
    admin = await api.staff()
    giving, asking = await open_shop(admin, 3), await open_shop(admin, 1, code="OTHER")
    receiver = await staff(admin, asking.store_code, "MANAGER")
    made = await receiver.do(document("store/transfer_request"), input=asked(giving, asking, 2))
    transfer = made["transfer"]
    node = "query($id: ID!) { node(id: $id) { __typename ... on Transfer { number } } }"
    seen = {"__typename": "Transfer", "number": transfer["number"]}
    assert (await receiver.ask(node, id=transfer["id"]))["node"] == seen
    assert (await api.ask(node, id=transfer["id"]))["node"] is None
    feed = await admin.ask(
        "query { changes(filter: { types: [TRANSFER_CHANGED] }) { edges { node { type nodeId"
        " node { ... on Transfer { status } } } } } }"
    )
    changes = [edge["node"] for edge in feed["changes"]["edges"]]
    assert [(each["nodeId"], each["node"]) for each in changes] == [
        (transfer["id"], {"status": "SUBMITTED"})
    ] * 2  # once at each end


async def test_one_list_of_transfers_costs_the_same_for_one_and_for_many(
    api: Api, count_statements: Any
) -> None:
    admin = await api.staff()
    giving, asking = await open_shop(admin, 9), await open_shop(admin, 1, code="OTHER")
    counts = []
    for _ in range(2):
        for _ in range(2):
            given = asked(giving, asking, 1)
            await admin.do(document("store/transfer_request"), input=given)
        await admin.ask(document("hq/transfers"))
        with count_statements() as statements:
            found = await admin.ask(document("hq/transfers"))
        counts.append((len(found["transfers"]["edges"]), len(statements)))
    assert [edges for edges, _ in counts] == [2, 4]
    assert counts[0][1] == counts[1][1]


async def test_an_id_that_is_none_of_ours_is_refused(api: Api) -> None:
    admin = await api.staff()
    giving, asking = await open_shop(admin, 3), await open_shop(admin, 1, code="OTHER")
    unknown = {**asked(giving, asking, 1), "sourceId": global_id("Store", 999)}
    (error,) = await admin.refused(document("store/transfer_request"), input=unknown)
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["sourceId"])
    odd = {"transferId": giving.store_id, "idempotencyKey": new_key()}
    (error,) = await admin.refused(document("store/transfer_ship"), input=odd)
    assert (error["code"], error["path"]) == ("INVALID", ["transferId"])
