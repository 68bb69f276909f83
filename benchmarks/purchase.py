"""A whole purchase of a signed-in member: place, start the payment, pay, all over HTTP."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks import documents
from benchmarks.client import Connection, WrongAnswer, data_of, operation, payload_of, request
from benchmarks.data import member_token
from models import database
from schema.nodes.nodes import global_id

CALLS = 3
INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
ADDRESS = {
    "recipient": "王小明",
    "phone": "+8613800000000",
    "province": "辽宁省",
    "city": "沈阳市",
    "district": "沈河区",
    "street": "中街路 1 号",
    "position": {"latitude": 41.8, "longitude": 123.4},
}


@dataclass
class Buyers:
    """Members who each buy one unit, and the outcomes."""

    members: int
    storefront_key: str | None = None
    paid: int = 0
    refused: int = 0
    _run: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def buy(self, connection: Connection, number: int, variant: int) -> None:
        """Make the purchase of this number. Raises: WrongAnswer unless it is paid or out of stock."""
        token, key = member_token(number % self.members + 1), f"{self._run}-{number}"
        order_id = await self._place(connection, variant, token, key)
        if order_id is None:
            self.refused += 1
            return
        variables = {"orderId": order_id, "idempotencyKey": f"{key}-pay"}
        start = self._operation(documents.PAYMENT_START, variables, token)
        payment = payload_of(*await connection.send(start))["payment"]
        pay = request("POST", urlsplit(payment["codeUrl"]).path, {"Accept": "application/json"})
        status, body = await connection.send(pay)
        if status != 200 or json.loads(body) != {"outcome": "paid"}:
            raise WrongAnswer(f"not paid: {status} {body!r}")
        self.paid += 1

    async def _place(
        self, connection: Connection, variant: int, token: str, key: str
    ) -> str | None:
        """Place the order and return its ID; None when the stock does not suffice."""
        checkout = {
            "lines": [{"variantId": global_id("Variant", variant), "quantity": 1}],
            "fulfilments": [{"method": "EXPRESS"}],
            "address": ADDRESS,
        }
        variables = {"checkout": checkout, "idempotencyKey": key}
        place = self._operation(documents.CHECKOUT_PLACE, variables, token)
        (payload,) = data_of(*await connection.send(place)).values()
        codes = {error["code"] for error in payload["userErrors"]}
        if codes == {INSUFFICIENT_STOCK}:
            return None
        if codes or payload["order"]["status"] != "PENDING_PAYMENT":
            raise WrongAnswer(f"not placed: {payload}")
        order_id: str = payload["order"]["id"]
        return order_id

    def _operation(self, document: str, variables: dict[str, Any], token: str) -> bytes:
        return operation(document, variables, token=token, storefront_key=self.storefront_key)


PAID_ORDERS = (
    "SELECT count(*) AS orders FROM sales_order"
    " WHERE status = 'PAID' AND paid_minor = payable_minor"
)


async def paid_orders() -> int:
    """Return the number of paid orders in the database."""
    return int((await database.fetch(PAID_ORDERS))[0]["orders"])
