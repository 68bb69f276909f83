"""The way of goods, over HTTP: bought, taken in, sent to a store, sold, and the rest sent back.

Every document comes from `examples/`; five people of the chain do it, each with their own rights.
"""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import Shop, buy, new_key, open_shop

LEVEL = (
    "query($v: ID!) { stockLevels(filter: { variantId: $v }) { edges { node { available damaged incoming"
    " averageCost { amount } stockValue { amount } location { code } } } } }"
)


async def levels(api: Api, shop: Shop) -> dict[str, dict[str, Any]]:
    found = (await api.ask(LEVEL, v=shop.variant_id))["stockLevels"]["edges"]
    return {edge["node"]["location"]["code"]: edge["node"] for edge in found}


async def test_the_way_of_goods(api: Api) -> None:
    admin = await api.staff()
    store, depot = await open_shop(admin, 0), await open_shop(admin, 0, code="DEPOT")
    found = await admin.ask("{ viewer { organisations { code } } }")
    merchant = found["viewer"]["organisations"][0]["code"]
    buyer = await staff(admin, merchant, "MERCHANDISER")
    finance = await staff(admin, merchant, "FINANCE")
    controller = await staff(admin, merchant, "STOCK_CONTROLLER")
    depot_keeper = await staff(admin, depot.store_code, "MANAGER")
    manager = await staff(admin, store.store_code, "MANAGER")

    order = await order_goods(buyer, finance, store, depot)
    await take_in(depot_keeper, controller, store, order)
    await send_to_the_store(manager, controller, depot_keeper, store, depot)
    assert await buy(api, store) == "PAID"
    await send_the_rest_back(buyer, finance, depot_keeper, store, order)
    await everything_adds_up(admin, finance, manager, store)


async def order_goods(buyer: Api, finance: Api, store: Shop, depot: Shop) -> str:
    rows = [{"code": "DAIRY", "name": "The dairy", "phone": "13800000000"}]
    made = await buyer.do(document("erp/supplier_upsert"), input={"suppliers": rows})
    assert (made["created"], made["updated"]) == (1, 0)
    line = {"variantId": store.variant_id, "quantity": 10, "unitCost": "2.35"}
    given = {
        "supplierCode": "DAIRY",
        "destinationId": depot.store_id,
        "lines": [line],
        "idempotencyKey": new_key(),
    }
    first, again = [
        (await buyer.do(document("hq/purchase_order_create"), input=given))["purchaseOrder"]
        for _ in range(2)
    ]
    assert first == again
    assert first["total"] == {"amount": "23.50", "currency": "CNY"}
    assert (first["supplier"]["name"], first["availableActions"]) == ("The dairy", ["CANCEL"])
    act = {"purchaseOrderId": first["id"]}
    answer = await buyer.send(document("hq/purchase_order_approve"), input=act)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    agreed = await finance.do(document("hq/purchase_order_approve"), input=act)
    assert agreed["purchaseOrder"]["status"] == "APPROVED"
    assert (await levels(buyer, store))["DEPOT"]["incoming"] == 10
    order_id: str = first["id"]
    return order_id


async def take_in(depot_keeper: Api, controller: Api, store: Shop, order: str) -> None:
    for pieces, status in ((6, "PARTIALLY_RECEIVED"), (3, "PARTIALLY_RECEIVED")):
        came = {
            "purchaseOrderId": order,
            "lines": [{"variantId": store.variant_id, "quantity": pieces}],
            "idempotencyKey": new_key(),
        }
        got = await depot_keeper.do(document("store/purchase_order_receive"), input=came)
        assert got["purchaseOrder"]["status"] == status
    late = {**came, "idempotencyKey": new_key()}
    (error,) = await depot_keeper.refused(document("store/purchase_order_receive"), input=late)
    assert (error["code"], error["path"]) == ("LIMIT_EXCEEDED", ["lines", "0", "quantity"])
    await controller.do(document("hq/purchase_order_cancel"), input={"purchaseOrderId": order})
    depot = (await levels(controller, store))["DEPOT"]
    assert (depot["available"], depot["incoming"]) == (9, 0)
    assert (depot["averageCost"]["amount"], depot["stockValue"]["amount"]) == ("2.35", "21.15")


async def send_to_the_store(
    manager: Api, controller: Api, depot_keeper: Api, store: Shop, depot: Shop
) -> None:
    given = {
        "sourceId": depot.store_id,
        "destinationId": store.store_id,
        "lines": [{"variantId": store.variant_id, "quantity": 4}],
        "idempotencyKey": new_key(),
    }
    made = await manager.do(document("store/transfer_request"), input=given)
    transfer = {"transferId": made["transfer"]["id"]}
    await controller.do(document("hq/transfer_approve"), input=transfer)
    sending = {**transfer, "idempotencyKey": new_key()}
    await depot_keeper.do(document("store/transfer_ship"), input=sending)
    value = (await controller.ask(document("hq/stock_value")))["stockValue"]
    assert (value["value"]["amount"], value["inTransit"]["amount"]) == ("11.75", "9.40")
    counted = {
        **transfer,
        "lines": [{"variantId": store.variant_id, "accepted": 3}],
        "idempotencyKey": new_key(),
    }
    await manager.do(document("store/transfer_receive"), input=counted)
    lost = {
        **transfer,
        "lost": [{"variantId": store.variant_id, "quantity": 1}],
        "note": "fell off the van",
        "idempotencyKey": new_key(),
    }
    ended = await depot_keeper.do(document("store/transfer_cancel"), input=lost)
    assert ended["transfer"]["lines"] == [{"shipped": 4, "lost": 1, "returned": 0}]


async def send_the_rest_back(
    buyer: Api, finance: Api, depot_keeper: Api, store: Shop, order: str
) -> None:
    given = {
        "purchaseOrderId": order,
        "lines": [{"variantId": store.variant_id, "quantity": 5}],
        "note": "too much",
        "idempotencyKey": new_key(),
    }
    made = await buyer.do(document("hq/supplier_return_create"), input=given)
    going = {"supplierReturnId": made["supplierReturn"]["id"]}
    await finance.do(document("hq/supplier_return_approve"), input=going)
    sending = {**going, "idempotencyKey": new_key()}
    sent = await depot_keeper.do(document("store/supplier_return_ship"), input=sending)
    assert sent["supplierReturn"]["status"] == "SHIPPED"


async def everything_adds_up(admin: Api, finance: Api, manager: Api, store: Shop) -> None:
    found = await levels(finance, store)
    assert (found["DEPOT"]["available"], found["DEPOT"]["averageCost"]) == (0, None)
    assert (found["SHOP"]["available"], found["SHOP"]["stockValue"]["amount"]) == (2, "7.05")
    hidden = await levels(manager, store)
    assert (hidden["SHOP"]["available"], hidden["SHOP"]["averageCost"]) == (2, None)
    listed = await finance.ask(document("hq/purchase_orders"), filter={"supplierCode": "DAIRY"})
    (order,) = [edge["node"] for edge in listed["purchaseOrders"]["edges"]]
    assert order["lines"][0]["returned"] == 5
    assert [each["to"] for each in order["history"]][-1] == "CANCELLED"
    audited = await admin.ask(document("hq/stock_audit"))
    assert audited["stockAudit"]["drifts"] == []
    feed = await admin.ask(
        "query { changes(filter: { types: [PURCHASE_ORDER_CHANGED, SUPPLIER_RETURN_CHANGED,"
        " SUPPLIER_CHANGED] }, first: 50) { edges { node { type node { __typename } } } } }"
    )
    seen = {(e["node"]["type"], e["node"]["node"]["__typename"]) for e in feed["changes"]["edges"]}
    assert seen == {
        ("PURCHASE_ORDER_CHANGED", "PurchaseOrder"),
        ("SUPPLIER_RETURN_CHANGED", "SupplierReturn"),
        ("SUPPLIER_CHANGED", "Supplier"),
    }
