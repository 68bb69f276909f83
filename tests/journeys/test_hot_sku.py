"""200 parallel buyers of one SKU with 50 in stock, through the whole purchase."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.databases import POSTGRES
from tests.make.documents import document
from tests.make.patience import patient
from tests.make.processes import process
from tests.make.shop import Shop, buy, open_shop


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """All buyers come from one address."""
    return patient(settings)


async def test_exactly_fifty_of_two_hundred_buyers_get_a_piece(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, pieces=50)
    outcomes = Counter(await asyncio.gather(*(buy(api, shop) for _ in range(200))))
    assert outcomes == {"PAID": 50, "INSUFFICIENT_STOCK": 150}
    await nothing_is_left_and_nothing_drifted(admin, shop)


@pytest.mark.own_database
@pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process")
async def test_two_processes_sell_no_more_than_one(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(process(replace(settings, port=free_port())))
            for _ in range(2)
        ]
        admin = await processes[0].staff()
        shop = await open_shop(admin, pieces=50)
        outcomes = Counter(await asyncio.gather(*(buy(processes[n % 2], shop) for n in range(200))))
        assert outcomes == {"PAID": 50, "INSUFFICIENT_STOCK": 150}
        await nothing_is_left_and_nothing_drifted(await processes[1].staff(), shop)


async def nothing_is_left_and_nothing_drifted(admin: Api, shop: Shop) -> None:
    scanned = await admin.ask("query($s: String!) { variant(sku: $s) { available } }", s=shop.sku)
    assert scanned["variant"]["available"] == 0
    levels = await admin.ask(
        "query($v: ID!) { stockLevels(filter: { variantId: $v })"
        " { edges { node { onHand available held committed } } } }",
        v=shop.variant_id,
    )
    (edge,) = levels["stockLevels"]["edges"]
    assert edge["node"] == {"onHand": 50, "available": 0, "held": 0, "committed": 50}
    assert (await admin.ask(document("hq/stock_audit")))["stockAudit"]["drifts"] == []
