"""Clients of every kind at once, on two server processes that are killed again and again.

Whoever gets no answer asks again in the same words. In the end every piece and every fen is where the answers
said, nothing is half done and nothing was done twice. `QUINTET_TEST_HISTORIES` says how many histories.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from models import database
from models.database import execute, fetch
from resolvers.context import utc_now
from settings import Settings
from tests.make.api import Api
from tests.make.documents import document
from tests.make.fleet import Fleet, fleet
from tests.make.killing import system
from tests.make.persons import staff
from tests.make.soundness import contradictions

HISTORIES = int(os.environ.get("QUINTET_TEST_HISTORIES", "90"))
CLIENTS, KILLS = 9, 4
STORES, VARIANTS, PIECES = 3, 2, 12

LEVELS = """query($v: ID!, $l: ID!) { stockLevels(variantId: $v, locationId: $l) {
  edges { node { available } } } }"""
CANCEL = """mutation($id: ID!) { orderCancel(input: { orderId: $id, reason: "changed my mind" }) {
  order { status } userErrors { code } } }"""
ADJUST = """mutation($input: StockAdjustInput!) { stockAdjust(input: $input) {
  movement { id } userErrors { code } } }"""
OPEN = """mutation($input: StocktakeOpenInput!) { stocktakeOpen(input: $input) {
  stocktake { id } userErrors { code } } }"""
COUNT = """mutation($input: StocktakeCountInput!) { stocktakeCount(input: $input) {
  stocktake { id } userErrors { code } } }"""
APPROVE = """mutation($input: StocktakeActInput!) { stocktakeApprove(input: $input) {
  stocktake { id } userErrors { code } } }"""
PARTS = (
    """query($id: ID!) { order(id: $id) { status fulfilments { id status pickup { code } } } }"""
)


@dataclass
class World:
    """What the clients share, and what they were told."""

    fleet: Fleet
    admin: Api
    headquarters: Api
    stores: list[str]
    store_codes: list[str]
    variants: list[str]
    skus: list[str]
    placed: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    keys: Iterator[int] = field(default_factory=itertools.count)

    def new_key(self) -> str:
        return f"history-{next(self.keys)}"

    async def told(self, api: Api, what: str, query: str, **variables: Any) -> Any:
        """The payload of a mutation, or None where it was refused; which codes came is counted."""
        (payload,) = (await api.ask(query, **variables)).values()
        errors = payload["userErrors"]
        self.outcomes[f"{what} {errors[0]['code'] if errors else 'ok'}"] += 1
        return None if errors else payload


async def purchase(world: World, chance: random.Random) -> None:
    """Placed; then paid, or cancelled, or left until it expires and paid late."""
    guest = await world.fleet.api.guest()
    store, key = chance.choice(world.stores), world.new_key()
    lines = [{"variantId": each, "quantity": chance.randint(1, 2)} for each in world.variants]
    checkout = {
        "lines": lines[: chance.randint(1, 2)],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": store}],
    }
    placed = await world.told(
        guest, "place", document("phone/checkout_place"), checkout=checkout, idempotencyKey=key
    )
    if placed is None:
        return
    order_id = placed["order"]["id"]
    world.placed[key] = order_id
    fate = chance.random()
    if fate < 0.2:
        await world.told(guest, "cancel", CANCEL, id=order_id)
        return
    if fate < 0.5:
        await expire(placed["order"]["number"])
    started = await world.told(
        guest,
        "pay",
        document("phone/payment_start"),
        orderId=order_id,
        idempotencyKey=world.new_key(),
    )
    if started is not None:
        await world.fleet.api.client.post(started["payment"]["codeUrl"])
        if chance.random() < 0.5:
            await collect(world, guest, order_id)


async def collect(world: World, guest: Api, order_id: str) -> None:
    order = (await guest.ask(PARTS, id=order_id))["order"]
    (part,) = order["fulfilments"]
    if order["status"] != "PAID" or part["pickup"] is None:
        return
    for step in ("accept", "ready"):
        await world.told(
            world.admin, step, document(f"store/fulfilment_{step}"), fulfilmentId=part["id"]
        )
    await world.told(
        world.admin,
        "collect",
        document("store/pickup_collect"),
        code=part["pickup"]["code"],
        idempotencyKey=world.new_key(),
    )


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


async def sync(world: World, chance: random.Random) -> None:
    """An ERP sets what it believes is available, unless somebody was faster."""
    store, variant = chance.randrange(STORES), chance.randrange(VARIANTS)
    found = await world.admin.ask(LEVELS, v=world.variants[variant], l=world.stores[store])
    there = found["stockLevels"]["edges"][0]["node"]["available"]
    row = {
        "locationCode": world.store_codes[store],
        "sku": world.skus[variant],
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
        "locationCode": chance.choice(world.store_codes),
        "sku": chance.choice(world.skus),
        "fromState": from_state,
        "toState": to_state,
        "quantity": chance.randint(1, 3),
        "reason": reason,
        "idempotencyKey": world.new_key(),
    }
    await world.told(world.admin, "adjust", ADJUST, input=given)


async def transfer(world: World, chance: random.Random) -> None:
    source, destination = chance.sample(world.stores, 2)
    variant, quantity = chance.choice(world.variants), chance.randint(2, 3)
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


async def stocktake(world: World, chance: random.Random) -> None:
    store, variant = chance.choice(world.stores), chance.choice(world.variants)
    given: dict[str, Any] = {"locationId": store, "variantIds": [variant]}
    opened = await world.told(world.admin, "open", OPEN, input=given)
    if opened is None:
        return
    number = {"stocktakeId": opened["stocktake"]["id"]}
    counts = [{"variantId": variant, "quantity": PIECES + chance.randint(-2, 2)}]
    await world.told(world.admin, "count", COUNT, input={**number, "counts": counts})
    given = {**number, "idempotencyKey": world.new_key()}
    await world.told(world.headquarters, "take", APPROVE, input=given)


KINDS: list[Callable[[World, random.Random], Awaitable[None]]] = [
    purchase, purchase, purchase, sync, adjust, transfer, stocktake,
]  # fmt: skip


@pytest.mark.own_database
async def test_no_piece_and_no_fen_is_lost_whoever_is_killed(settings: Settings) -> None:
    async with fleet(settings) as servers:
        world = await a_world(servers)
        await database.connect(settings.database_url)
        try:
            chance = random.Random(1)
            with killing(servers, chance) as kills:
                clients = [client(world, seed, kills) for seed in range(CLIENTS)]
                await asyncio.gather(*clients)
            await everything_is_sound(settings, world)
        finally:
            await database.close()


async def client(world: World, seed: int, kills: list[int]) -> None:
    """So many histories, and more until enough processes were killed."""
    chance = random.Random(seed)
    told = 0
    while told < HISTORIES // CLIENTS or len(kills) < KILLS:
        await chance.choice(KINDS)(world, chance)
        told += 1


@contextmanager
def killing(servers: Fleet, chance: random.Random) -> Iterator[list[int]]:
    """Kill one process after another, and start each again; answers which."""
    kills: list[int] = []

    async def forever() -> None:
        while True:
            victim = len(kills) % len(servers.processes)
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            await servers.processes[victim].kill()
            kills.append(victim)
            await servers.processes[victim].start()
            await servers.processes[victim].ready()

    task = asyncio.create_task(forever())
    try:
        yield kills
    finally:
        task.cancel()


async def everything_is_sound(settings: Settings, world: World) -> None:
    assert await contradictions(await system(settings)) == []
    rows = await fetch("SELECT COUNT(*) AS n FROM sales_order")
    assert rows[0]["n"] == len(world.placed) == len(set(world.placed.values()))
    on_the_road = await fetch(
        "SELECT COALESCE(SUM(CASE WHEN to_state = 'IN_TRANSIT' THEN quantity ELSE -quantity END), 0)"
        " AS n FROM stock_movement WHERE 'IN_TRANSIT' IN (from_state, to_state)"
    )
    lines = await fetch(
        "SELECT COALESCE(SUM(shipped - accepted - rejected - lost), 0) AS n FROM transfer_line"
    )
    assert on_the_road[0]["n"] == lines[0]["n"]
    refusals = {each.split()[1] for each in world.outcomes} - {"ok"}
    assert refusals <= {
        "INSUFFICIENT_STOCK", "STATE_CONFLICT", "STALE_VERSION", "EXPIRED", "DUPLICATE", "INVALID",
    }, world.outcomes  # fmt: skip
    done = {each.split()[0] for each, count in world.outcomes.items() if each.endswith(" ok")}
    assert {"place", "pay", "cancel", "sync", "adjust", "ship", "receive", "take"} <= done, (
        world.outcomes
    )
    assert world.fleet.transport.unanswered > 0


async def a_world(servers: Fleet) -> World:
    admin = await servers.api.staff()
    codes = [f"H{number}" for number in range(STORES)]
    stores = [
        {
            "code": code,
            "name": code,
            "address": {"street": "太原街1号"},
            "position": {"latitude": 41.8 + number / 100, "longitude": 123.4},
            "services": ["PICKUP", "DELIVERY", "CARRY_OUT"],
        }
        for number, code in enumerate(codes)
    ]
    await admin.do(document("erp/store_upsert"), input={"stores": stores})
    skus = [f"H-{number}" for number in range(VARIANTS)]
    variants = [{"sku": sku, "price": "9.90"} for sku in skus]
    products = [{"code": each["sku"], "name": each["sku"], "variants": [each]} for each in variants]
    await admin.do(document("erp/catalog_upsert"), input={"products": products})
    rows = [{"locationCode": c, "sku": s, "quantity": PIECES} for c in codes for s in skus]
    given = {"rows": rows, "idempotencyKey": "stocked"}
    await admin.do(document("erp/stock_set"), input=given)
    store = "query($code: String!) { store(code: $code) { id organisation { parent { code } } } }"
    variant = "query($sku: String!) { variant(sku: $sku) { id } }"
    found = [(await admin.ask(store, code=code))["store"] for code in codes]
    return World(
        fleet=servers,
        admin=admin,
        headquarters=await staff(admin, found[0]["organisation"]["parent"]["code"], "ADMIN"),
        stores=[each["id"] for each in found],
        store_codes=codes,
        variants=[(await admin.ask(variant, sku=sku))["variant"]["id"] for sku in skus],
        skus=skus,
    )
