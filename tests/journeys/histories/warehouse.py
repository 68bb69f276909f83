"""Staff and machines that buy, send back, move, count, correct and set stock."""

from __future__ import annotations

import random
from typing import Any

from tests.journeys.histories.world import ADJUST, LATER, MILK, PHONE, PIECES, World
from tests.make.documents import document

LEVELS = """query($v: ID!, $l: ID!) { stockLevels(filter: { variantId: $v, locationId: $l }) {
  edges { node { available } } } }"""
OPEN = document("store/stocktake_open")
COUNT = document("store/stocktake_count")
APPROVE = document("hq/stocktake_approve")


async def sync(world: World, chance: random.Random) -> None:
    """An ERP sets what it believes is available, unless somebody was faster."""
    code, sku = chance.choice([*world.stores]), chance.choice(MILK)
    found = await world.admin.ask(LEVELS, v=world.variants[sku], l=world.stores[code])
    there = found["stockLevels"]["edges"][0]["node"]["available"]
    row = {
        "locationCode": code,
        "sku": sku,
        "quantity": max(0, there + chance.randint(-2, 4)),
        "compareQuantity": there,
    }
    given = {"rows": [row], "idempotencyKey": world.new_key()}
    await world.told(world.admin, "sync", document("erp/stock_set"), input=given)


async def adjust(world: World, chance: random.Random) -> None:
    movements = [
        ("OUTSIDE", "AVAILABLE", "ADJUSTMENT"),
        ("AVAILABLE", "DAMAGED", "DAMAGE"),
        ("DAMAGED", "OUTSIDE", "DAMAGE"),
    ]
    from_state, to_state, reason = chance.choice(movements)
    given = {
        "locationCode": chance.choice([*world.stores]),
        "sku": chance.choice(MILK),
        "fromState": from_state,
        "toState": to_state,
        "quantity": chance.randint(1, 3),
        "reason": reason,
        "idempotencyKey": world.new_key(),
    }
    await world.told(world.admin, "adjust", ADJUST, input=given)


async def transfer(world: World, chance: random.Random) -> None:
    source, destination = chance.sample([*world.stores.values()], 2)
    variant, quantity = world.variants[chance.choice(MILK)], chance.randint(2, 3)
    given: dict[str, Any] = {
        "sourceId": source,
        "destinationId": destination,
        "lines": [{"variantId": variant, "quantity": quantity}],
        "idempotencyKey": world.new_key(),
    }
    asked = await world.told(
        world.admin, "request", document("store/transfer_request"), input=given
    )
    number = {"transferId": asked["transfer"]["id"]}
    await world.told(world.headquarters, "approve", document("hq/transfer_approve"), input=number)
    given = {**number, "idempotencyKey": world.new_key()}
    if await world.told(world.admin, "ship", document("store/transfer_ship"), input=given) is None:
        return
    receipt = {"variantId": variant, "accepted": quantity - 1, "lost": chance.randint(0, 1)}
    given = {**number, "lines": [receipt], "idempotencyKey": world.new_key()}
    await world.told(world.admin, "receive", document("store/transfer_receive"), input=given)
    if not receipt["lost"]:
        given = {**number, "idempotencyKey": world.new_key()}
        await world.told(world.admin, "call_back", document("store/transfer_cancel"), input=given)


async def stocktake(world: World, chance: random.Random) -> None:
    store, variant = chance.choice([*world.stores.values()]), world.variants[chance.choice(MILK)]
    given: dict[str, Any] = {"locationId": store, "variantIds": [variant]}
    opened = await world.told(world.admin, "open", OPEN, input=given)
    if opened is None:
        return
    number = {"stocktakeId": opened["stocktake"]["id"]}
    counts = [{"variantId": variant, "quantity": PIECES + chance.randint(-2, 2)}]
    await world.told(world.admin, "count", COUNT, input={**number, "counts": counts})
    given = {**number, "idempotencyKey": world.new_key()}
    await world.told(world.headquarters, "take", APPROVE, input=given)


async def order_goods(world: World, chance: random.Random) -> None:
    """Milk, phones and what was promised, received in two parts; some of the milk goes back."""
    milk, phone, later = (world.variants[sku] for sku in (chance.choice(MILK), PHONE, LATER))
    wanted = {milk: 4, phone: 2, later: chance.randint(1, 3)}
    given: dict[str, Any] = {
        "supplierCode": "DAIRY",
        "destinationId": chance.choice([*world.stores.values()]),
        "lines": [
            {"variantId": variant, "quantity": count, "unitCost": f"{chance.randint(1, 999) / 100}"}
            for variant, count in wanted.items()
        ],
        "idempotencyKey": world.new_key(),
    }
    made = await world.told(world.admin, "order", document("hq/purchase_order_create"), input=given)
    number = {"purchaseOrderId": made["purchaseOrder"]["id"]}
    approve = document("hq/purchase_order_approve")
    await world.told(world.headquarters, "approve", approve, input=number)
    for part in ({milk: 2, phone: 2}, {milk: 2, later: wanted[later]}):
        given = {
            **number,
            "lines": [{"variantId": each, "quantity": count} for each, count in part.items()],
            "idempotencyKey": world.new_key(),
        }
        if phone in part:
            serials = world.new_serials(part[phone])
            given |= {"serials": [{"variantId": phone, "serials": serials}]}
        receive = document("store/purchase_order_receive")
        await world.told(world.admin, "take_in", receive, input=given)
    await send_back(world, number, milk)


async def send_back(world: World, number: dict[str, str], variant: str) -> None:
    lines = [{"variantId": variant, "quantity": 3}]
    given = {**number, "lines": lines, "idempotencyKey": world.new_key()}
    plan = document("hq/supplier_return_create")
    planned = await world.told(world.admin, "plan", plan, input=given)
    back = {"supplierReturnId": planned["supplierReturn"]["id"]}
    approve = document("hq/supplier_return_approve")
    await world.told(world.headquarters, "approve", approve, input=back)
    given = {**back, "idempotencyKey": world.new_key()}
    await world.told(world.admin, "send_back", document("store/supplier_return_ship"), input=given)
