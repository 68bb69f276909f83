"""Whatever is kept, an answer over HTTP is the one that is worked out anew, as it is over WebSocket."""

from __future__ import annotations

import random
from typing import Any

import pytest

from models.engine.query_cache import ResultCache
from tests.make.answers import without_cost
from tests.make.api import Api
from tests.make.elsewhere import write_elsewhere
from tests.make.goods import a_merchant
from tests.make.shop import buy, open_shop
from tests.make.storefront import DETAIL, HERE, LIST, NEAREST, SEARCH, STOCK, a_storefront

HIDE = """INSERT INTO channel_exclusion (product_id, channel, created_at)
  SELECT id, 'APP', '2026-01-01' FROM product
  WHERE code = 'NEXT-1' AND NOT EXISTS (SELECT 1 FROM channel_exclusion)"""
WRITES = (
    "UPDATE stock_level SET available = {n}",
    "UPDATE stock_level SET safety_stock = {few}",
    "UPDATE variant SET price_minor = {n}",
    "UPDATE price SET amount_minor = {n}",
    "UPDATE price_list SET active = NOT active",
    "UPDATE price_list SET valid_to = '2020-01-0{few} 00:00:00+00:00'",
    "UPDATE price_list SET valid_to = NULL",
    "UPDATE product SET name = '牛奶 {n}'",
    "UPDATE product SET slug = 'milk-{n}-' || id",
    "UPDATE location SET active = NOT active WHERE code = 'NEXT'",
    "UPDATE location SET name = 'shop {n}'",
    "UPDATE stock_hold SET expires_at = '2020-01-0{few} 00:00:00+00:00' WHERE id % 2 = {few} % 2",
    HIDE,
    "DELETE FROM channel_exclusion",
)


@pytest.mark.parametrize("seed", range(2))
async def test_every_answer_is_what_it_would_be_if_nothing_were_kept(
    api: Api, database_url: str, seed: int
) -> None:
    chance = random.Random(seed)
    await a_merchant("CHAIN")
    staff = await api.staff()
    shop = await open_shop(staff, 9)
    await open_shop(staff, 7, "NEXT")
    viewers = [await a_storefront(staff), await api.guest(), staff, api]
    questions = [(each, {}) for each in (LIST, SEARCH, DETAIL, STOCK)]
    questions.append((NEAREST, {"near": HERE, "variant": shop.variant_id}))
    for _ in range(40):
        if chance.random() < 0.2:
            assert await buy(api, shop)
        if chance.random() < 0.5:
            write = chance.choice(WRITES).format(n=chance.randint(1, 99), few=chance.randint(1, 3))
            await write_elsewhere(database_url, write)
        query, variables = chance.choice(questions)
        for viewer in chance.sample(viewers, 2):
            kept = [without_cost(await viewer.send(query, **variables)) for _ in range(3)]
            assert kept == [await worked_out_anew(viewer, query, variables)] * 3


async def worked_out_anew(viewer: Api, query: str, variables: dict[str, Any]) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResultCache, "get", lambda *_: None)
        async with viewer.subscribe(query, **variables) as events:
            return without_cost(await events.next())
