"""What a storefront reads, and a storefront with prices of its own."""

from __future__ import annotations

from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import new_key

VARIANTS = "variants { sku price { amount } available }"


NODES = f"edges {{ node {{ id name slug {VARIANTS} }} }} pageInfo {{ endCursor }}"


LIST = f"{{ products(first: 20) {{ {NODES} }} }}"


SEARCH = f'{{ products(filter: {{ search: "牛奶" }}) {{ {NODES} }} }}'


DETAIL = f'{{ product(code: "SHOP-1") {{ id name description {VARIANTS} }} }}'


STOCK = """{ variant(sku: "SHOP-1") { stockLevels(first: 20) {
  edges { node { available location { code name } } } } } }"""


NEAREST = """query($near: GeoPointInput!, $variant: ID!) {
  stores(near: $near, filter: { carrying: [{ variantId: $variant, quantity: 1 }] }, first: 1) {
    edges { distanceMetres node { code name } } } }"""


HERE = {"latitude": 41.79, "longitude": 123.39}


async def a_storefront(staff: Api) -> Api:
    """Somebody who looks at an app that has prices of its own."""
    front = await staff.do(
        document("hq/storefront_create"),
        input={"name": "App", "channel": "APP", "organisationCode": "CHAIN"},
    )
    prices = {"code": "APP", "name": "App", "kind": "CHANNEL", "key": "APP"}
    await staff.do(document("erp/price_list_upsert"), input={"priceLists": [prices]})
    row = {"sku": "SHOP-1", "price": "8.88", "listCode": "APP"}
    await staff.do(document("erp/price_set"), input={"rows": [row], "idempotencyKey": new_key()})
    return staff.as_(None).through(front["storefront"]["key"])
