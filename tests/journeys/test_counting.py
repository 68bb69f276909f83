"""A store counts while it sells, headquarters approves, and the ledger can be asked about it all."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import Shop, buy, new_key, open_shop


async def adjust(admin: Api, shop: Shop, path: str, quantity: int, reason: str) -> dict[str, Any]:
    origin, target = path.split(">")
    return await admin.do(  # type: ignore[no-any-return]
        document("hq/stock_adjust"),
        input={
            "locationCode": shop.store_code,
            "sku": shop.sku,
            "fromState": origin,
            "toState": target,
            "quantity": quantity,
            "reason": reason,
            "idempotencyKey": new_key(),
        },
    )


async def test_a_shelf_is_counted_while_it_sells(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 9)
    picker = await staff(admin, "SHOP", "PICKER")
    broken = await adjust(admin, shop, "AVAILABLE>DAMAGED", 2, "DAMAGE")
    assert broken["level"] == {
        "onHand": 9, "available": 7, "damaged": 2, "quarantined": 0, "version": 2,
    }  # fmt: skip
    given = {"locationId": shop.store_id, "variantIds": [shop.variant_id]}
    take = (await picker.do(document("store/stocktake_open"), input=given))["stocktake"]
    assert take["lines"] == [{"variant": {"sku": shop.sku}, "counted": None, "expected": None}]
    twice = await picker.speaking("zh").refused(document("store/stocktake_open"), input=given)
    assert twice[0]["message"] == f"{shop.sku} 正在该地点的另一张盘点单中盘点。"

    assert await buy(api, shop) == "PAID"
    counts = [{"variantId": shop.variant_id, "quantity": 7}]
    given = {"stocktakeId": take["id"], "counts": counts, "idempotencyKey": new_key()}
    counted = (await picker.do(document("store/stocktake_count"), input=given))["stocktake"]
    assert (counted["status"], counted["availableActions"]) == ("COUNTED", ["RECOUNT", "CANCEL"])
    assert await buy(api, shop) == "PAID"
    line = counted["lines"][0]
    assert (line["counted"], line["expected"], line["difference"]) == (7, 9, -2)

    hq = await staff(admin, "SHOP", "STOCK_CONTROLLER")
    counted = await hq.ask(document("hq/stocktakes"), filter={"status": ["COUNTED"]})
    (found,) = counted["stocktakes"]["edges"]
    assert found["node"]["availableActions"] == ["APPROVE", "RECOUNT", "CANCEL"]
    before = found["node"]["createdAt"]
    given = {"stocktakeId": take["id"], "idempotencyKey": new_key()}
    done = (await hq.do(document("hq/stocktake_approve"), input=given))["stocktake"]
    assert [each["to"] for each in done["history"]] == ["OPEN", "COUNTED", "APPROVED"]
    assert done["lines"][0]["countedBy"] == {"__typename": "Staff"}

    about = {"documentId": take["id"]}
    moves = (await hq.ask(document("hq/stock_movements"), filter=about))["stockMovements"]
    assert moves["totalCount"] == 1
    assert moves["edges"][0]["node"]["document"] == {"number": take["number"]}
    assert [edge["node"]["quantity"] for edge in moves["edges"]] == [2]
    about = {"reasons": ["STOCKTAKE", "DAMAGE"]}
    moves = (await hq.ask(document("hq/stock_movements"), filter=about))["stockMovements"]
    assert [edge["node"]["reason"] for edge in moves["edges"]] == ["DAMAGE", "STOCKTAKE"]
    then = await hq.ask(document("hq/stock_as_of"), at=before, filter={"locationId": shop.store_id})
    (stood,) = then["stockAsOf"]["edges"]
    assert (stood["node"]["onHand"], stood["node"]["available"], stood["node"]["damaged"]) == (
        9,
        7,
        2,
    )
    audit = (await hq.ask(document("hq/stock_audit")))["stockAudit"]
    assert (audit["checkedLevels"], audit["drifts"]) == (1, [])


async def test_what_is_expected_stays_hidden_while_a_stocktake_is_open(api: Api) -> None:
    admin = await api.staff()
    shop, other = await open_shop(admin, 9), await open_shop(admin, 4, code="OTHER")
    ids = [shop.variant_id, other.variant_id]
    given = {"locationId": shop.store_id, "variantIds": ids}
    take = (await admin.do(document("store/stocktake_open"), input=given))["stocktake"]
    counts = [{"variantId": shop.variant_id, "quantity": 1}]
    given = {"stocktakeId": take["id"], "counts": counts}
    shown = (await admin.do(document("store/stocktake_count"), input=given))["stocktake"]
    assert shown["status"] == "OPEN"
    assert [(line["counted"], line["expected"], line["difference"]) for line in shown["lines"]] == [
        (1, None, None),
        (None, None, None),
    ]
    given = {"stocktakeId": take["id"], "idempotencyKey": new_key()}
    (error,) = await admin.refused(document("hq/stocktake_approve"), input=given)
    assert error["code"] == "STATE_CONFLICT"
