"""Phones with serial numbers, over the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.database import fetch
from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import Shop, new_key, one_piece

ERRORS = "userErrors { code message path }"


ADJUST = f"mutation($input: StockAdjustInput!) {{ stockAdjust(input: $input) {{ {ERRORS} }} }}"


STEP = f"""mutation($input: FulfilmentActInput!) {{
  fulfilment%s(input: $input) {{ fulfilment {{ status }} {ERRORS} }} }}"""


COLLECT = f"""mutation($input: PickupCollectInput!) {{
  pickupCollect(input: $input) {{ fulfilment {{ status }} {ERRORS} }} }}"""


ORDER = "query($id: ID!) { order(id: $id) { fulfilments { id pickup { code } } } }"


SERIAL = """query($sku: String!, $serial: String!) { serialNumber(sku: $sku, serial: $serial) {
  state location { code } documentId variant { sku }
  history { fromState toState documentId location { code } actor { __typename } } } }"""


HERE = """query($sku: String!, $at: ID!, $after: String) { variant(sku: $sku) { tracksSerials
  serials(locationId: $at, first: 2, after: $after) {
    edges { node { serial state } } pageInfo { hasNextPage endCursor } } } }"""


COUNTED = """(SELECT COUNT(*) FROM serial_number AS serial WHERE serial.variant_id = level.variant_id
  AND serial.location_id = level.location_id AND serial.state = '%s')"""


HOME = {
    "street": "中山路2号",
    "recipient": "李雷",
    "phone": "13800000000",
    "position": {"latitude": 41.79, "longitude": 123.39},
}


DOCUMENT = f"""mutation($input: %sInput!) {{ %s(input: $input) {{ %s {{ id }} {ERRORS} }} }}"""


@dataclass
class Phones:
    admin: Api
    visitor: Api
    shop: Shop

    async def track(self, on: bool) -> list[Any]:
        variant = {"sku": self.shop.sku, "price": "9.90", "tracksSerials": on}
        product = {"code": self.shop.sku, "name": "Phone", "variants": [variant]}
        given = {"products": [product]}
        payload = await self.admin.ask(document("erp/catalog_upsert"), input=given)
        return [(e["code"], e["path"]) for e in payload["catalogUpsert"]["userErrors"]]

    async def adjust(self, way: str, reason: str, *serials: str, **more: Any) -> list[Any]:
        start, end = way.split(">")
        given = {
            "locationCode": self.shop.store_code,
            "sku": self.shop.sku,
            "fromState": start,
            "toState": end,
            "quantity": len(serials),
            "reason": reason,
            "serials": list(serials),
            "idempotencyKey": new_key(),
            **more,
        }
        return told(await self.admin.ask(ADJUST, input=given))

    async def take_in(
        self, *serials: str, reason: str = "PURCHASE_RECEIPT", **more: Any
    ) -> list[Any]:
        return await self.adjust("OUTSIDE>AVAILABLE", reason, *serials, **more)

    async def paid(self, quantity: int, method: str) -> Any:
        guest = await self.visitor.guest()
        store = None if method == "STORE_DELIVERY" else self.shop.store_id
        choice = {"method": method, "storeId": store}
        checkout = {**one_piece(self.shop, quantity), "fulfilments": [choice], "address": HOME}
        given = {"checkout": checkout, "idempotencyKey": new_key()}
        order = (await guest.do(document("phone/checkout_place"), **given))["order"]
        started = await guest.do(
            document("phone/payment_start"), orderId=order["id"], idempotencyKey=new_key()
        )
        await self.visitor.client.post(started["payment"]["codeUrl"])
        (part,) = (await guest.ask(ORDER, id=order["id"]))["order"]["fulfilments"]
        return {**part, "order": order["id"]}

    async def ready(self, quantity: int = 1) -> Any:
        """A paid pickup that waits at the shop."""
        part = await self.paid(quantity, "STORE_PICKUP")
        for step in ("Accept", "Ready"):
            await self.admin.do(STEP % step, input={"fulfilmentId": part["id"]})
        return {"code": part["pickup"]["code"], "order": part["order"]}

    async def collect(self, pickup: Any, *serials: str, variant: str = "") -> list[Any]:
        scanned = [{"variantId": variant or self.shop.variant_id, "serials": list(serials)}]
        given = {"code": pickup["code"], "serials": scanned, "idempotencyKey": new_key()}
        return told(await self.admin.ask(COLLECT, input=given))

    async def state(self, serial: str) -> Any:
        return (await self.admin.ask(SERIAL, sku=self.shop.sku, serial=serial))["serialNumber"]

    async def here(self, who: Api | None = None) -> list[str]:
        """The serial numbers in stock at the shop, which are as many as its pieces on hand."""
        found, after = [], None
        while True:
            given = {"sku": self.shop.sku, "at": self.shop.store_id, "after": after}
            page = (await (who or self.admin).ask(HERE, **given))["variant"]["serials"]
            found += [edge["node"]["serial"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found

    async def sound(self, *serials: str) -> None:
        """These and no others are in stock, everywhere as many as there are pieces."""
        assert await self.here() == list(serials)
        drifts = await fetch(
            "SELECT level.id FROM stock_level AS level JOIN variant ON variant.id = level.variant_id"
            " WHERE variant.tracks_serials AND (level.available + level.held + level.committed"
            f" <> {COUNTED % 'IN_STOCK'} OR level.damaged <> {COUNTED % 'DAMAGED'}"
            f" OR level.quarantined <> {COUNTED % 'QUARANTINED'})"
        )
        assert drifts == []


def told(data: Any) -> list[Any]:
    (payload,) = data.values()
    return [(error["code"], error["path"]) for error in payload["userErrors"]]
