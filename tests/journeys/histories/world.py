"""A small chain behind two server processes, what its clients share, and what they were told."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from resolvers.context import utc_now
from tests.make.api import Api
from tests.make.documents import document
from tests.make.fleet import Fleet
from tests.make.persons import staff

STORES, PIECES, PHONES = 3, 12, 4
MILK, PHONE, LATER = ("H-0", "H-1"), "H-PHONE", "H-LATER"
SKUS = (*MILK, PHONE, LATER)

ADJUST = """mutation($input: StockAdjustInput!) { stockAdjust(input: $input) {
  movement { id } userErrors { code } } }"""


@dataclass
class World:
    """`headquarters` approves; stores and variants are by code and SKU, with their IDs."""

    fleet: Fleet
    admin: Api
    headquarters: Api
    stores: dict[str, str]
    variants: dict[str, str]
    placed: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    keys: Iterator[int] = field(default_factory=itertools.count)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def new_key(self) -> str:
        return f"history-{next(self.keys)}"

    def new_serials(self, count: int) -> list[str]:
        return [f"S{next(self.numbers)}" for _ in range(count)]

    async def told(self, api: Api, what: str, query: str, **variables: Any) -> Any:
        """The payload of a mutation, or None where it was refused; which codes came is counted."""
        (payload,) = (await api.ask(query, **variables)).values()
        errors = payload["userErrors"]
        self.outcomes[f"{what} {errors[0]['code'] if errors else 'ok'}"] += 1
        return None if errors else payload


async def a_world(servers: Fleet) -> World:
    """Every store has milk and a few phones; what comes later may be sold before it is there."""
    admin = await servers.api.staff()
    codes = [f"H{number}" for number in range(STORES)]
    stores = [_store(code, number) for number, code in enumerate(codes)]
    await admin.do(document("erp/store_upsert"), input={"stores": stores})
    await admin.do(document("erp/catalog_upsert"), input={"products": [*map(_product, SKUS)]})
    day = (utc_now() + timedelta(days=30)).date().isoformat()
    later = [{"sku": LATER, "limit": 6, "expectedOn": day}]
    await admin.do(document("hq/backorder_set"), input={"rows": later})
    rows = [{"locationCode": c, "sku": s, "quantity": PIECES} for c in codes for s in MILK]
    given = {"rows": rows, "idempotencyKey": "stocked"}
    await admin.do(document("erp/stock_set"), input=given)
    for code in codes:
        await _phones(admin, code)
    store = "query($code: String!) { store(code: $code) { id organisation { parent { code } } } }"
    variant = "query($sku: String!) { variant(sku: $sku) { id } }"
    found = {code: (await admin.ask(store, code=code))["store"] for code in codes}
    parent = found[codes[0]]["organisation"]["parent"]["code"]
    return World(
        fleet=servers,
        admin=admin,
        headquarters=await staff(admin, parent, "ADMIN"),
        stores={code: each["id"] for code, each in found.items()},
        variants={sku: (await admin.ask(variant, sku=sku))["variant"]["id"] for sku in SKUS},
    )


def _store(code: str, number: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": code,
        "address": {"street": "太原街1号"},
        "position": {"latitude": 41.8 + number / 100, "longitude": 123.4},
        "services": ["PICKUP", "DELIVERY", "CARRY_OUT"],
    }


def _product(sku: str) -> dict[str, Any]:
    variant = {"sku": sku, "price": "9.90", "tracksSerials": sku == PHONE}
    return {"code": sku, "name": sku, "variants": [variant]}


async def _phones(admin: Api, code: str) -> None:
    given = {
        "locationCode": code,
        "sku": PHONE,
        "fromState": "OUTSIDE",
        "toState": "AVAILABLE",
        "quantity": PHONES,
        "reason": "PURCHASE_RECEIPT",
        "serials": [f"{code}-{number}" for number in range(PHONES)],
        "idempotencyKey": f"phones {code}",
    }
    await admin.do(ADJUST, input=given)
