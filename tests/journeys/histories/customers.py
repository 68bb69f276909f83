"""Customers who buy what is there, what is numbered and what is yet to come, and change their minds."""

from __future__ import annotations

import random
from datetime import timedelta

from models.database import execute, fetch
from resolvers.context import utc_now
from tests.journeys.histories.world import LATER, MILK, PHONE, World
from tests.make.api import Api
from tests.make.documents import document

CANCEL = """mutation($id: ID!) { orderCancel(input: { orderId: $id, reason: "changed my mind" }) {
  order { status } userErrors { code } } }"""
PARTS = """query($id: ID!) { order(id: $id) { id number status fulfilments { id status
  location { id } pickup { code } lines { quantity variant { id sku } } } } }"""
SERIALS = """query($sku: String!, $at: ID!) { variant(sku: $sku) {
  serials(locationId: $at, first: 20) { edges { node { serial state } } } } }"""
COLLECT = """mutation($input: PickupCollectInput!) { pickupCollect(input: $input) {
  fulfilment { status } userErrors { code } } }"""


async def purchase(world: World, chance: random.Random) -> None:
    """Placed, paid, and mostly collected."""
    await buy(world, chance, *chance.sample(MILK, chance.randint(1, 2)))


async def late_purchase(world: World, chance: random.Random) -> None:
    """Paid when its time has run out: the goods are still there, or the money goes back."""
    await buy(world, chance, chance.choice(MILK), late=True)


async def purchase_of_a_phone(world: World, chance: random.Random) -> None:
    await buy(world, chance, PHONE)


async def purchase_of_what_comes_later(world: World, chance: random.Random) -> None:
    await buy(world, chance, LATER, late=chance.random() < 0.3)


async def change_of_mind(world: World, chance: random.Random) -> None:
    guest, order_id = await place(world, chance, chance.choice((*MILK, PHONE, LATER)))
    if order_id is not None:
        await world.told(guest, "cancel", CANCEL, id=order_id)


async def buy(world: World, chance: random.Random, *skus: str, late: bool = False) -> None:
    guest, order_id = await place(world, chance, *skus)
    if order_id is None:
        return
    if late:
        await expire((await guest.ask(PARTS, id=order_id))["order"]["number"])
    started = await world.told(
        guest,
        "pay",
        document("phone/payment_start"),
        orderId=order_id,
        idempotencyKey=world.new_key(),
    )
    if started is not None:
        await world.fleet.api.client.post(started["payment"]["codeUrl"])
        if chance.random() < 0.7:
            await collect(world, chance, guest, order_id)


async def place(world: World, chance: random.Random, *skus: str) -> tuple[Api, str | None]:
    guest = await world.fleet.api.guest()
    key, store = world.new_key(), chance.choice([*world.stores.values()])
    most = 1 if PHONE in skus else 2
    checkout = {
        "lines": [
            {"variantId": world.variants[sku], "quantity": chance.randint(1, most)} for sku in skus
        ],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": store}],
    }
    given = {"checkout": checkout, "idempotencyKey": key}
    placed = await world.told(guest, "place", document("phone/checkout_place"), **given)
    if placed is None:
        return guest, None
    world.placed[key] = placed["order"]["id"]
    return guest, placed["order"]["id"]


async def collect(world: World, chance: random.Random, guest: Api, order_id: str) -> None:
    """If it is there and ready; two customers may be handed the same phone, and one of them is not."""
    order = (await guest.ask(PARTS, id=order_id))["order"]
    (part,) = order["fulfilments"]
    if order["status"] != "PAID" or part["pickup"] is None:
        return
    for step in ("accept", "ready"):
        await world.told(
            world.admin, step, document(f"store/fulfilment_{step}"), fulfilmentId=part["id"]
        )
    (line, *_) = part["lines"]
    given = {"code": part["pickup"]["code"], "idempotencyKey": world.new_key()}
    if line["variant"]["sku"] == PHONE:
        found = await world.admin.ask(SERIALS, sku=PHONE, at=part["location"]["id"])
        nodes = [edge["node"] for edge in found["variant"]["serials"]["edges"]]
        there = [node["serial"] for node in nodes if node["state"] == "IN_STOCK"]
        scanned = chance.sample(there, line["quantity"])
        given |= {"serials": [{"variantId": line["variant"]["id"], "serials": scanned}]}
    await world.told(world.admin, "collect", COLLECT, input=given)


async def expire(number: str) -> None:
    """Time passes, for one order."""
    past = utc_now() - timedelta(seconds=1)
    found = await fetch("SELECT id FROM sales_order WHERE number = ?", number)
    order_id = found[0]["id"]
    await execute(
        "UPDATE stock_hold SET expires_at = ? WHERE order_id = ? AND status = 'HELD'",
        past,
        order_id,
    )
    await execute(
        "UPDATE sales_order SET hold_expires_at = ? WHERE id = ? AND status = 'PENDING_PAYMENT'",
        past,
        order_id,
    )
