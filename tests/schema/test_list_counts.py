"""What a list of each of many parents counts is one statement for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounts.organisations import Organisation
from models.integrations.webhooks import DeliveryStatus, Webhook, WebhookDelivery
from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import Shop, new_key, open_shop
from tests.make.statements import counting

HISTORIES = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Variant {
  sku priceHistory(first: 1) { totalCount edges { node { after { amount } } } } } } }"""
SERIALS = """query($ids: [ID!]!, $at: ID!, $state: [SerialState!]) { nodes(ids: $ids) { ... on Variant {
  sku serials(locationId: $at, filter: { state: $state }, first: 1) {
    totalCount edges { node { serial state } } } } } }"""
LOGS = """query($first: Int!, $filter: WebhookDeliveryFilter) { webhooks(first: $first) {
  url deliveries(filter: $filter, first: 1) { totalCount edges { node { id } } } } }"""


@pytest.fixture
async def admin(api: Api) -> Api:
    return await api.staff()


async def sent(who: Api, query: str, **variables: Any) -> list[str]:
    """The statements of a query; what was asked twice before may be kept."""
    with counting() as statements:
        await who.ask(query, **variables)
    return statements


def by_sku(found: Any, field: str) -> dict[str, Any]:
    return {row["sku"]: row[field] for row in found["nodes"]}


async def test_price_histories_are_counted_together(admin: Api) -> None:
    shops = [await open_shop(admin, 1, code=code) for code in ("ONE", "TWO", "THREE")]
    for price in ("1.00", "2.00"):
        rows = [{"sku": shops[0].sku, "price": price}]
        await admin.do(document("erp/price_set"), input={"rows": rows, "idempotencyKey": new_key()})
    ids = [shop.variant_id for shop in shops]
    found = by_sku(await admin.ask(HISTORIES, ids=ids), "priceHistory")
    assert {sku: each["totalCount"] for sku, each in found.items()} == {
        "ONE-1": 3, "TWO-1": 1, "THREE-1": 1,
    }  # fmt: skip
    few, many = [await sent(admin, HISTORIES, ids=ids[:first]) for first in (1, 3)]
    assert len(few) == len(many)
    assert sum("COUNT(" in each for each in many) == 1
    hidden = by_sku(await admin.as_(None).ask(HISTORIES, ids=ids), "priceHistory")
    assert [each for each in hidden.values() if each["totalCount"] or each["edges"]] == []


async def test_serial_numbers_are_cut_by_state_and_counted_together(admin: Api) -> None:
    shop = await open_shop(admin, 0, code="ONE")
    ids = [shop.variant_id, (await open_shop(admin, 0, code="TWO")).variant_id]
    await _tracked(admin, shop, "A", "B", "C")

    async def counts(state: list[str] | None = None) -> dict[str, int]:
        found = by_sku(await admin.ask(SERIALS, ids=ids, at=shop.store_id, state=state), "serials")
        return {sku: each["totalCount"] for sku, each in found.items()}

    assert await counts() == {"ONE-1": 3, "TWO-1": 0}
    assert await counts(["IN_STOCK"]) == {"ONE-1": 2, "TWO-1": 0}
    assert await counts(["DAMAGED", "SOLD"]) == {"ONE-1": 1, "TWO-1": 0}
    assert await counts(["SOLD"]) == await counts([]) == {"ONE-1": 0, "TWO-1": 0}
    statements = await sent(admin, SERIALS, ids=ids, at=shop.store_id)
    assert sum("COUNT(" in each for each in statements) == 1


async def test_logs_of_webhooks_are_counted_together(admin: Api) -> None:
    platform = await Organisation.get(code="PLATFORM")
    made = []
    for name in ("one", "two"):
        webhook = await Webhook.create(
            organisation_id=platform.id,
            url=f"https://example.com/{name}",
            topics=["*"],
            salt="",
            sequence=0,
        )
        made.append(webhook)
    for number, status in enumerate((DeliveryStatus.DEAD, DeliveryStatus.QUEUED)):
        await WebhookDelivery.create(
            webhook_id=made[0].id, sequence=number + 1, topic="stock.changed", node="x", body="{}",
            status=status,
        )  # fmt: skip

    async def counts(**wanted: Any) -> list[int]:
        found = (await admin.ask(LOGS, first=9, filter=wanted))["webhooks"]
        return [each["deliveries"]["totalCount"] for each in found]

    assert await counts() == [2, 0]
    assert await counts(status=["DEAD"]) == [1, 0]
    assert await counts(status=["DEAD"], topic=["PRICE_CHANGED"]) == [0, 0]
    few, many = [await sent(admin, LOGS, first=first) for first in (1, 2)]
    assert len(few) == len(many)
    assert sum("COUNT(" in each for each in many) == 1


async def _tracked(admin: Api, shop: Shop, *serials: str) -> None:
    """Take in one piece a serial number; the last is damaged."""
    variant = {"sku": shop.sku, "price": "9.90", "tracksSerials": True}
    product = {"code": shop.sku, "name": "Phone", "variants": [variant]}
    await admin.do(document("erp/catalog_upsert"), input={"products": [product]})
    for states, reason, moved in (
        (("OUTSIDE", "AVAILABLE"), "PURCHASE_RECEIPT", serials),
        (("AVAILABLE", "DAMAGED"), "DAMAGE", serials[-1:]),
    ):
        given = {
            "locationCode": shop.store_code, "sku": shop.sku, "fromState": states[0],
            "toState": states[1], "quantity": len(moved), "reason": reason, "serials": [*moved],
            "idempotencyKey": new_key(),
        }  # fmt: skip
        await admin.do(document("hq/stock_adjust"), input=given)
