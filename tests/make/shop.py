"""A small shop over the API: one store, one product, so many pieces; and customers who buy in one go."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from tests.make.api import Api
from tests.make.documents import document

_numbers = itertools.count()


@dataclass(frozen=True)
class Shop:
    store_id: str
    variant_id: str
    sku: str
    store_code: str


def new_key() -> str:
    return f"shop-{next(_numbers)}"


async def open_shop(admin: Api, pieces: int, code: str = "SHOP") -> Shop:
    """One store with `pieces` of one product at 9.90; `admin` must be signed in as the platform's."""
    store = {
        "code": code,
        "name": "The shop",
        "address": {"street": "太原街1号"},
        "position": {"latitude": 41.79, "longitude": 123.39},
        "services": ["PICKUP", "DELIVERY", "CARRY_OUT"],
    }
    await admin.do(document("erp/store_upsert"), input={"stores": [store]})
    sku = f"{code}-1"
    product = {"code": sku, "name": "纯牛奶", "variants": [{"sku": sku, "price": "9.90"}]}
    await admin.do(document("erp/catalog_upsert"), input={"products": [product]})
    rows = [{"locationCode": code, "sku": sku, "quantity": pieces}]
    await admin.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": new_key()})
    found = await admin.ask(
        "query($sku: String!, $code: String!) { variant(sku: $sku) { id } store(code: $code) { id } }",
        sku=sku,
        code=code,
    )
    return Shop(found["store"]["id"], found["variant"]["id"], sku, code)


def one_piece(shop: Shop, quantity: int = 1) -> dict[str, object]:
    """A checkout of so many pieces, picked up at the shop."""
    return {
        "lines": [{"variantId": shop.variant_id, "quantity": quantity}],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": shop.store_id}],
    }


async def buy(visitor: Api, shop: Shop) -> str:
    """The whole purchase of one piece by a new guest: `"PAID"`, or the code of the refusal."""
    guest = await visitor.guest()
    placed = (
        await guest.ask(
            document("phone/checkout_place"), checkout=one_piece(shop), idempotencyKey=new_key()
        )
    )["checkoutPlace"]
    if placed["userErrors"]:
        code: str = placed["userErrors"][0]["code"]
        return code
    order_id = placed["order"]["id"]
    started = await guest.do(
        document("phone/payment_start"), orderId=order_id, idempotencyKey=new_key()
    )
    await visitor.client.post(started["payment"]["codeUrl"])
    status: str = (await guest.ask(document("phone/order"), id=order_id))["order"]["status"]
    return status


async def put(admin: Api, *rows: tuple[str, str, int], **options: Any) -> dict[str, Any]:
    """Set levels as the ERP does: location code, SKU, quantity."""
    given = [{"locationCode": code, "sku": sku, "quantity": count} for code, sku, count in rows]
    options = {"rows": given, "idempotencyKey": new_key(), **options}
    payload: dict[str, Any] = (await admin.ask(document("erp/stock_set"), input=options))[
        "stockSet"
    ]
    return payload
