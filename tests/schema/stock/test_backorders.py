from __future__ import annotations

from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import new_key, one_piece, open_shop

BACKORDER = (
    "query($sku: String!)"
    " { variant(sku: $sku) { available backorder { limit remaining expectedOn } } }"
)
WAITING = "query($id: ID!) { order(id: $id) { fulfilments { awaitsStockUntil } } }"


async def test_a_pre_sale_is_off_until_it_is_set_and_shows_what_is_left(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 0)
    assert (await api.ask(BACKORDER, sku=shop.sku))["variant"] == {
        "available": 0,
        "backorder": None,
    }
    rows = [{"sku": shop.sku, "limit": 3, "expectedOn": "2999-01-31"}]
    rehearsed = await admin.do(document("hq/backorder_set"), input={"rows": rows, "dryRun": True})
    assert rehearsed["changedVariants"] == 1
    assert (await api.ask(BACKORDER, sku=shop.sku))["variant"]["backorder"] is None
    for changed in (1, 0):
        done = await admin.do(document("hq/backorder_set"), input={"rows": rows})
        assert done["changedVariants"] == changed
    guest = await api.guest()
    placed = await guest.do(
        document("phone/checkout_place"), checkout=one_piece(shop, 2), idempotencyKey=new_key()
    )
    (part,) = (await guest.ask(WAITING, id=placed["order"]["id"]))["order"]["fulfilments"]
    assert part["awaitsStockUntil"] == "2999-01-31"
    assert (await api.ask(BACKORDER, sku=shop.sku))["variant"] == {
        "available": 0,
        "backorder": {"limit": 3, "remaining": 1, "expectedOn": "2999-01-31"},
    }
    dayless = [{"sku": shop.sku, "limit": 1}]
    (error,) = await admin.speaking("zh").refused(
        document("hq/backorder_set"), input={"rows": dayless}
    )
    assert error["path"] == ["rows", "0", "expectedOn"]
    assert error["message"].startswith("请填写预计到货日期")
    await admin.do(document("hq/backorder_set"), input={"rows": [{"sku": shop.sku, "limit": 0}]})
    assert (await api.ask(BACKORDER, sku=shop.sku))["variant"]["backorder"] is None
