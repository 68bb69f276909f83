"""Costs over HTTP: what headquarters gives stock that was never bought, and who may read it."""

from __future__ import annotations

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import new_key, open_shop

LEVEL = """query($v: ID!) { stockLevels(filter: { variantId: $v }) { edges { node {
  averageCost { amount } stockValue { amount } location { code safetyStockDefault }
  openingCost { unitCost { amount } quantity note setAt actor { __typename } } } } } }"""
MOVED = """query($v: ID!) { stockMovements(filter: { variantId: $v }) { edges { node {
  reason quantity valueChange { amount } } } } }"""


async def test_headquarters_gives_stock_a_cost_that_others_do_not_see(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 4)
    finance = await staff(admin, shop.store_code, "FINANCE")
    manager = await staff(admin, shop.store_code, "MANAGER")
    row = {"locationCode": "SHOP", "sku": shop.sku, "unitCost": "2.50"}
    given = {"rows": [row], "note": "books of 2025"}
    rehearsed = await finance.do(document("hq/opening_cost_set"), input={**given, "dryRun": True})
    assert rehearsed["changedLevels"] == 1
    assert (await finance.do(document("hq/opening_cost_set"), input=given))["changedLevels"] == 1
    assert (await finance.do(document("hq/opening_cost_set"), input=given))["changedLevels"] == 0
    other = {"rows": [{**row, "unitCost": "3.00"}]}
    (error,) = await finance.refused(document("hq/opening_cost_set"), input=other)
    assert (error["code"], error["path"]) == ("DUPLICATE", ["rows", "0", "unitCost"])
    answer = await manager.send(document("hq/opening_cost_set"), input=given)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    rows = [{"locationCode": "SHOP", "sku": shop.sku, "quantity": 3}]
    await admin.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": new_key()})
    defaults = {"rows": [{"locationCode": "SHOP", "quantity": 2}]}
    await admin.do(document("hq/safety_stock_set"), input=defaults)

    (edge,) = (await finance.ask(LEVEL, v=shop.variant_id))["stockLevels"]["edges"]
    level = edge["node"]
    assert (level["averageCost"], level["stockValue"]) == ({"amount": "2.50"}, {"amount": "7.50"})
    opening = level["openingCost"]
    assert opening.pop("setAt")
    assert opening == {
        "unitCost": {"amount": "2.50"},
        "quantity": 4,
        "note": "books of 2025",
        "actor": {"__typename": "Staff"},
    }
    assert level["location"] == {"code": "SHOP", "safetyStockDefault": None}  # not finance's to set
    (edge,) = (await admin.ask(LEVEL, v=shop.variant_id))["stockLevels"]["edges"]
    assert edge["node"]["location"]["safetyStockDefault"] == 2
    (edge,) = (await manager.ask(LEVEL, v=shop.variant_id))["stockLevels"]["edges"]
    assert edge["node"] == {
        "averageCost": None,
        "stockValue": None,
        "openingCost": None,
        "location": {"code": "SHOP", "safetyStockDefault": None},
    }
    moved = (await finance.ask(MOVED, v=shop.variant_id))["stockMovements"]["edges"]
    assert [each["node"]["valueChange"] for each in moved] == [None, {"amount": "-2.50"}]
    hidden = (await manager.ask(MOVED, v=shop.variant_id))["stockMovements"]["edges"]
    assert [each["node"]["valueChange"] for each in hidden] == [None, None]
    assert "errors" in await api.send(MOVED, v=shop.variant_id)
