"""Lists that are read page by page for many parents at once go backwards as they go forwards."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import new_key, open_shop

HISTORY = """query($sku: String!, $first: Int, $after: String, $last: Int, $before: String) {
  variant(sku: $sku) { priceHistory(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { after { amount } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
SUPPLIERS = """query($filter: SupplierFilter, $last: Int) {
  suppliers(filter: $filter, last: $last) { edges { node { code } } } }"""


async def page(api: Api, sku: str, **given: Any) -> tuple[list[str], dict[str, Any]]:
    found = (await api.ask(HISTORY, sku=sku, **given))["variant"]["priceHistory"]
    return [edge["node"]["after"]["amount"] for edge in found["edges"]], found["pageInfo"]


async def test_a_history_goes_back_from_its_end(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 1)
    for price in ("1.00", "2.00", "3.00", "4.00"):
        given = {"rows": [{"sku": shop.sku, "price": price}], "idempotencyKey": new_key()}
        await admin.do(document("erp/price_set"), input=given)
    everything, _ = await page(admin, shop.sku)
    assert everything[:4] == ["4.00", "3.00", "2.00", "1.00"]
    tail, at = await page(admin, shop.sku, last=2)
    assert (tail, at["hasPreviousPage"], at["hasNextPage"]) == (everything[-2:], True, False)
    back: list[str] = tail
    while at["hasPreviousPage"]:
        before, at = await page(admin, shop.sku, last=2, before=at["startCursor"])
        assert at["hasNextPage"]
        back = before + back
    assert back == everything
    both = await admin.send(HISTORY, sku=shop.sku, first=1, last=1)
    assert both["errors"][0]["extensions"]["code"] == "INVALID"


async def test_suppliers_are_cut_by_every_part_of_the_filter(api: Api) -> None:
    admin = await api.staff()
    rows = [
        {"code": "D1", "name": "Dairy north"},
        {"code": "D2", "name": "Dairy south", "active": False},
        {"code": "B1", "name": "Bakery"},
    ]
    await admin.do(document("erp/supplier_upsert"), input={"suppliers": rows})

    async def codes(last: int | None = None, **wanted: Any) -> list[str]:
        found = await admin.ask(SUPPLIERS, filter=wanted, last=last)
        return [edge["node"]["code"] for edge in found["suppliers"]["edges"]]

    assert await codes() == ["B1", "D1", "D2"]
    assert await codes(last=2) == ["D1", "D2"]
    assert await codes(search="dairy") == ["D1", "D2"]
    assert await codes(search="b1") == ["B1"]
    assert await codes(search="dairy", active=True) == ["D1"]
    assert await codes(search="dairy%") == []
