"""Clients that hang up in the middle of a purchase leave a working server and a sound database."""

from __future__ import annotations

import asyncio
import json

from models import database as db
from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import Shop, buy, new_key, one_piece, open_shop

HANG_UPS = 200


async def test_two_hundred_hang_ups_in_a_row_do_no_harm(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, pieces=1000)
    guest = await api.guest()
    for number in range(HANG_UPS):
        await place_and_hang_up(guest, shop, after_seconds=0.0005 * (number % 40))
    assert await asyncio.wait_for(buy(api, shop), 120) == "PAID"
    assert (await admin.ask(document("hq/stock_audit")))["stockAudit"]["drifts"] == []
    placed = await sound_orders()
    assert 1 <= placed <= HANG_UPS + 1
    held = await db.fetch("SELECT held + committed AS n, available FROM stock_level")
    assert [(row["n"], row["available"]) for row in held] == [(placed, 1000 - placed)]


async def sound_orders() -> int:
    """How many orders there are, each whole: with its line, its fulfilment and its hold."""
    (row,) = await db.fetch(
        "SELECT (SELECT COUNT(*) FROM sales_order) AS orders, (SELECT COUNT(*) FROM order_line) AS lines,"
        " (SELECT COUNT(*) FROM fulfilment) AS fulfilments, (SELECT COUNT(*) FROM stock_hold) AS holds"
    )
    assert len(set(row.values())) == 1, row
    orders: int = row["orders"]
    return orders


async def place_and_hang_up(guest: Api, shop: Shop, after_seconds: float) -> None:
    variables = {"checkout": one_piece(shop), "idempotencyKey": new_key()}
    body = json.dumps({"query": document("phone/checkout_place"), "variables": variables}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {guest.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", guest.settings.port)
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(after_seconds)
    writer.transport.abort()
