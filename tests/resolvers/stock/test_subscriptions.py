from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from models.database import transaction
from models.stores.locations import Location
from resolvers import single_flight_cache
from resolvers.background.outbox import Change, announce, give_sequences
from resolvers.context import Actor, Context
from resolvers.stock import subscriptions as stock_subscriptions
from tests.make.goods import a_product, a_store, open_stores, pieces, put
from tests.make.listening import all_listen
from tests.make.statements import counting

SUBSCRIBERS = 20


async def test_a_change_is_looked_up_once_for_all_who_are_told_of_it(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_flight_cache, "KEPT_SECONDS", 1_000)
    await put(ctx, a_product("P"))
    await open_stores(ctx, a_store("OPEN"), a_store("CLOSED", active=False))
    level_ids = [(await pieces(1, location.id, 5, held=0)).id for location in await Location.all()]
    merchant = ctx.merchant_id
    visitor = replace(ctx, actor=Actor(), memory={})

    async def first_of(who: Context) -> list[int]:
        found: list[int] = []
        async with (
            asyncio.timeout(60),
            aclosing(await stock_subscriptions.changed(who, None, None, None)) as levels,
        ):
            async for level, _ in levels:
                found.append(level.id)
                if len(found) == (2 if who is ctx else 1):
                    break
        return found

    watching = [asyncio.create_task(first_of(who)) for who in (ctx, visitor) * SUBSCRIBERS]
    await all_listen(len(watching))
    changes = [
        Change(topic="stock.changed", node_type="StockLevel", node_id=each, merchant_id=merchant)
        for each in level_ids
    ]
    await transaction(announce, ctx, changes)
    with counting() as statements:
        await give_sequences()
        found = await asyncio.gather(*watching)
    assert found == [level_ids, level_ids[:1]] * SUBSCRIBERS
    assert len([each for each in statements if "FROM stock_level l" in each]) == 1
