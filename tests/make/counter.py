"""A store of one product behind a running server, its clerk, and customers who order there over HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from models.accounts.organisations import Organisation
from models.accounts.roles import Role
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.accounts.staff import staff
from resolvers.accounts.staff.staff import GrantDraft, StaffDraft
from resolvers.context import Context
from schema.nodes.nodes import global_id
from tests.make.api import Api
from tests.make.sales import a_level_in_a_store, context_of

_numbers = itertools.count(1)
PASSWORD = "quite-a-secret"
HERE = {"latitude": 41.8, "longitude": 123.4}

PLACE = """mutation($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) {
  order { id number status totals { payable { amount } } fulfilments { id method status } }
  userErrors { code message path } } }"""
START = """mutation($input: PaymentStartInput!) { paymentStart(input: $input) {
  payment { id status amount { amount currency } clientParameters { key value } codeUrl codeQrSvg
            settledAt order { id } }
  userErrors { code message path } } }"""
ORDER = """query($id: ID!) { order(id: $id) { id status totals { paid { amount } refunded { amount } }
  payments { id provider flow status settledAt }
  fulfilments { id status method availableActions ticket { id }
                pickup { code qrSvg expiresAt usedAt } lines { quantity variant { sku } } } } }"""


@dataclass(frozen=True)
class Counter:
    api: Api
    ctx: Context
    level: StockLevel
    clerk: Api

    @property
    def store_id(self) -> str:
        return global_id("Store", self.level.location_id)

    @property
    def variant_id(self) -> str:
        return global_id("Variant", self.level.variant_id)


async def open_counter(api: Api, pieces: int = 5) -> Counter:
    """A store at `HERE` with so many pieces, and a cashier signed in there."""
    ctx = await context_of(api)
    point = {**HERE, "latitude_wgs84": 41.8, "longitude_wgs84": 123.4}
    level = await a_level_in_a_store(ctx, pieces, **point)
    return Counter(api, ctx, level, await a_clerk(api, ctx, level.location_id))


async def a_clerk(api: Api, ctx: Context, location_id: int, role: Role = Role.CASHIER) -> Api:
    location = await Location.get(id=location_id)
    node = await Organisation.get(id=location.organisation_id)
    name = f"clerk-{next(_numbers)}"
    draft = StaffDraft(
        username=name, password=PASSWORD, name=name, grants=[GrantDraft(role, node.code)]
    )
    await staff.create(ctx, draft)
    return await api.staff(name, PASSWORD)


def new_key() -> str:
    return f"counter-{next(_numbers)}"


async def place(counter: Counter, customer: Api, *methods: str, quantity: int = 1) -> Any:
    """An unpaid order of so many pieces in each way, a pickup unless told."""
    chosen = methods or ("STORE_PICKUP",)
    pieces = {"variantId": counter.variant_id, "quantity": quantity}
    choices = [
        {"method": method, "lines": [pieces]}
        | ({} if "DELIVERY" in method or method == "EXPRESS" else {"storeId": counter.store_id})
        for method in chosen
    ]
    checkout = {
        "lines": [{**pieces, "quantity": quantity * len(chosen)}],
        "fulfilments": choices,
        "address": {"recipient": "王小姐", "phone": "13800001111", "street": "太原街1号"},
        "position": HERE,
    }
    given = {"checkout": checkout, "idempotencyKey": new_key()}
    return (await customer.do(PLACE, input=given))["order"]


def charge(order: Any, **differing: Any) -> dict[str, Any]:
    return {
        "orderId": order["id"],
        "provider": "SANDBOX",
        "flow": "NATIVE",
        "idempotencyKey": new_key(),
        **differing,
    }


async def start(customer: Api, order: Any, **differing: Any) -> Any:
    return (await customer.do(START, input=charge(order, **differing)))["payment"]


async def pay(counter: Counter, customer: Api, order: Any) -> None:
    payment = await start(customer, order)
    answer = await counter.api.client.post(
        payment["codeUrl"], headers={"accept": "application/json"}
    )
    assert answer.json() == {"outcome": "paid"}


async def seen(customer: Api, order: Any) -> Any:
    return (await customer.ask(ORDER, id=order["id"]))["order"]


async def paid(counter: Counter, *methods: str) -> tuple[Api, Any]:
    """Return a guest and their order, which is paid."""
    guest = await counter.api.guest()
    order = await place(counter, guest, *methods)
    await pay(counter, guest, order)
    return guest, order
