"""A hold that has expired counts as available everywhere at once, though nobody has given it back."""

from __future__ import annotations

from typing import Any

from models.database import execute, fetch
from resolvers.context import utc_now
from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import Shop, buy, new_key, one_piece, open_shop

HERE = {"latitude": 41.79, "longitude": 123.39}
SEEN = """
query($v: ID!, $sku: String!, $s: ID!, $lines: [VariantQuantityInput!]!, $near: GeoPointInput!) {
  variant(sku: $sku) { available stockLevels(near: $near) { edges { node { available held } } } }
  stockLevels(filter: { variantId: $v }) { edges { node { id available held onHand } } }
  atPlace: stockLevels(filter: { locationId: $s }) { edges { node { available } } }
  products(filter: { inStockOnly: true }) { edges { node { variants { available } } } }
  found: products(filter: { search: "牛奶", inStockOnly: true }) { edges { node { name } } }
  stores(near: $near, filter: { carrying: $lines }) { edges { node { code } } }
  routePreview(lines: $lines, near: $near, method: STORE_DELIVERY) { picks { quantity } }
}
"""


async def seen(api: Api, shop: Shop) -> dict[str, Any]:
    """Every number and list that depends on what is available."""
    answer = await api.ask(
        SEEN,
        v=shop.variant_id,
        sku=shop.sku,
        s=shop.store_id,
        lines=[{"variantId": shop.variant_id, "quantity": 5}],
        near=HERE,
    )
    checkout = one_piece(shop, 5)
    quote = (await api.ask(document("phone/checkout_quote"), checkout=checkout))["checkoutQuote"]
    answer["quote"] = [error["code"] for error in quote["userErrors"]]
    answer["quoted"] = [each["location"]["code"] for each in quote["fulfilments"]]
    level = answer["stockLevels"]["edges"][0]["node"]["id"]
    query = "query($id: ID!) { node(id: $id) { ... on StockLevel { available held } } }"
    answer["node"] = (await api.ask(query, id=level))["node"]
    return answer


async def set_if(admin: Api, shop: Shop, compared: int) -> list[str]:
    """The refusals of a write that is sound if so many are available."""
    row = {"locationCode": "SHOP", "sku": shop.sku, "quantity": 5, "compareQuantity": compared}
    given = {"rows": [row], "idempotencyKey": new_key()}
    payload = (await admin.ask(document("erp/stock_set"), input=given))["stockSet"]
    return [error["code"] for error in payload["userErrors"]]


async def test_an_expired_hold_is_free_wherever_one_looks(api: Api) -> None:
    admin, guest, visitor = await api.staff(), await api.guest(), await api.guest()
    shop = await open_shop(admin, 5)
    free = await seen(visitor, shop)
    placed = await guest.do(
        document("phone/checkout_place"), checkout=one_piece(shop, 5), idempotencyKey=new_key()
    )
    assert placed["order"]
    promised = await seen(visitor, shop)
    for name in (
        "variant",
        "stockLevels",
        "atPlace",
        "products",
        "found",
        "stores",
        "quote",
        "node",
    ):
        assert promised[name] != free[name], name
    assert await set_if(admin, shop, 5) == ["STALE_VERSION"]
    assert await buy(api, shop) == "INSUFFICIENT_STOCK"

    await execute("UPDATE stock_hold SET expires_at = ?", utc_now())
    assert await seen(visitor, shop) == free
    query = "query($v: ID!) { stockLevels(filter: { variantId: $v }) { edges { node { available held } } } }"
    levels = (await admin.ask(query, v=shop.variant_id))["stockLevels"]["edges"]
    assert levels == [{"node": {"available": 5, "held": 0}}]
    rows = await fetch("SELECT available, held FROM stock_level")
    assert rows == [{"available": 0, "held": 5}]  # nobody has swept
    audit = (await admin.ask(document("hq/stock_audit")))["stockAudit"]
    assert audit["drifts"] == []
    now = utc_now().isoformat()
    there = {"locationId": shop.store_id}
    then = await admin.ask(document("hq/stock_as_of"), at=now, filter=there)
    assert then["stockAsOf"]["edges"][0]["node"]["available"] == 5

    assert await buy(api, shop) == "PAID"
    assert await set_if(admin, shop, 4) == []
