from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import new_key, open_shop

LISTS = "{ priceLists { edges { node { code kind key validFrom validTo active } } } }"
PRICES = """query($sku: String!, $store: ID) { variant(sku: $sku) {
  price { amount } atStore: price(storeId: $store) { amount }
  product { priceRange { lowest { amount } highest { amount } } }
  prices { amount { amount } priceList { code } validFrom }
  priceHistory(first: 9) { edges { node { before { amount } after { amount } actor { __typename }
    priceList { code } variant { sku } } } } } }"""
CART = """mutation($lines: [CartLineInput!]) { cartCreate(input: {lines: $lines}) {
  cart { id subtotal { amount } lines { unitPrice { amount } } } userErrors { code } } }"""
TOTALS = "lines { unitPrice { amount } } totals { goods { amount } payable { amount } }"
QUOTE = f"""query($checkout: CheckoutInput!) {{
  checkoutQuote(input: $checkout) {{ {TOTALS} userErrors {{ code }} }} }}"""
PLACE = f"""mutation($checkout: CheckoutInput!, $key: String!) {{
  checkoutPlace(input: {{checkout: $checkout, idempotencyKey: $key}}) {{
    order {{ {TOTALS} }} userErrors {{ code }} }} }}"""


async def test_cart_quote_and_order_cost_what_the_list_of_the_channel_says(api: Api) -> None:
    erp = await api.staff()
    shop = await open_shop(erp, 9)
    front = await erp.do(
        document("hq/storefront_create"),
        input={"name": "App", "channel": "APP", "organisationCode": "PLATFORM"},
    )
    lists = [
        {"code": "APP", "name": "App", "kind": "CHANNEL", "key": "APP"},
        {"code": "SHOP", "name": "店", "kind": "STORE", "key": shop.store_code},
    ]
    made = await erp.do(document("erp/price_list_upsert"), input={"priceLists": lists})
    assert made["created"] == 2
    rows = [
        {"sku": shop.sku, "price": "8.88", "listCode": "APP"},
        {"sku": shop.sku, "price": "7.77", "listCode": "SHOP"},
    ]
    key = new_key()
    for _ in range(2):
        done = await erp.do(document("erp/price_set"), input={"rows": rows, "idempotencyKey": key})
        assert (done["created"], [row["ok"] for row in done["results"]]) == (2, [True, True])
    shown = (await erp.ask(PRICES, sku=shop.sku, store=shop.store_id))["variant"]
    assert (shown["price"]["amount"], shown["atStore"]["amount"]) == ("9.90", "7.77")
    assert [each["priceList"]["code"] for each in shown["prices"]] == ["APP", "SHOP"]
    assert [each["node"]["after"]["amount"] for each in shown["priceHistory"]["edges"]] == [
        "7.77",
        "8.88",
        "9.90",
    ]
    assert [each["node"]["code"] for each in (await erp.ask(LISTS))["priceLists"]["edges"]] == [
        "APP",
        "SHOP",
    ]
    guest = (await api.guest()).through(front["storefront"]["key"])
    seen = (await guest.ask(PRICES, sku=shop.sku))["variant"]
    assert seen["price"]["amount"] == "8.88"
    assert seen["product"]["priceRange"]["lowest"]["amount"] == "8.88"
    assert (seen["prices"], seen["priceHistory"]["edges"]) == ([], [])
    lines = [{"variantId": shop.variant_id, "quantity": 2}]
    cart = (await guest.do(CART, lines=lines))["cart"]
    assert (cart["subtotal"]["amount"], cart["lines"][0]["unitPrice"]["amount"]) == (
        "17.76",
        "8.88",
    )
    checkout: dict[str, Any] = {
        "cartId": cart["id"],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": shop.store_id}],
    }
    quote = (await guest.ask(QUOTE, checkout=checkout))["checkoutQuote"]
    order = (await guest.do(PLACE, checkout=checkout, key=new_key()))["order"]
    assert order["totals"] == quote["totals"]
    assert order["lines"] == quote["lines"] == [{"unitPrice": {"amount": "8.88"}}]
    assert order["totals"]["payable"]["amount"] == "17.76"
