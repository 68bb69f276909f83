"""The board of headquarters and the finder of stores, each one query, whatever they show."""

from __future__ import annotations

from typing import Any

from models.stock.levels import StockLevel
from tests.make.api import Api
from tests.make.documents import document
from tests.make.movements import moved
from tests.make.persons import staff
from tests.make.sales import context_of
from tests.make.shop import Shop, open_shop
from tests.make.statements import counting

HERE = {"latitude": 41.79, "longitude": 123.39}


async def shops(api: Api, *codes: str) -> list[Shop]:
    admin = await api.staff()
    return [await open_shop(admin, 9, code) for code in codes]


async def board(who: Api, shop: Shop, **filter_: Any) -> Any:
    return await who.ask(document("hq/stock_board"), variantId=shop.variant_id, filter=filter_)


async def test_the_stock_board_takes_as_many_statements_for_six_levels_as_for_two(api: Api) -> None:
    shop, _ = await shops(api, "ONE", "TWO")
    for level in await StockLevel.all():
        await moved(await context_of(api), level, 3, 2)
    admin = await api.staff()
    await board(admin, shop)
    with counting() as few:
        await board(admin, shop)
    await shops(api, "THREE", "FOUR", "FIVE", "SIX")
    with counting() as many:
        shown = await board(admin, shop)
    assert len(many) == len(few) <= 61, "\n".join(many)
    levels = shown["stockLevels"]
    assert levels["totalCount"] == len(levels["edges"]) == 6
    assert levels["totals"]["available"] == 54
    nodes = [edge["node"] for edge in levels["edges"]]
    assert [node["coverDays"] for node in nodes] == [90, 90, None, None, None, None]
    assert [node["soldLast"] for node in nodes] == [3, 3, 0, 0, 0, 0]
    assert shown["variant"]["stockLevels"]["totals"] == {"onHand": 9, "available": 9, "incoming": 0}
    assert shown["stockAudit"]["checkedLevels"] == 6


async def test_a_manager_sees_the_board_of_their_store(api: Api) -> None:
    shop, _ = await shops(api, "ONE", "TWO")
    manager = await staff(await api.staff(), "ONE", "MANAGER")
    levels = (await board(manager, shop))["stockLevels"]
    assert [edge["node"]["location"]["code"] for edge in levels["edges"]] == ["ONE"]
    assert levels["totals"]["levels"] == levels["totalCount"] == 1
    assert levels["totals"]["value"] is None


async def test_the_finder_of_stores_takes_as_many_statements_for_three_as_for_one(api: Api) -> None:
    shop, *_ = await shops(api, "ONE", "TWO", "THREE")
    for carrying, count, most in (
        ([{"variantId": shop.variant_id, "quantity": 9}], 1, 7),
        (None, 3, 5),
    ):
        asked = {"near": HERE, "variantId": shop.variant_id, "carrying": carrying}
        with counting() as statements:
            found = (await api.ask(document("mini_program/store_finder"), **asked))["stores"]
        assert found["totalCount"] == len(found["edges"]) == count
        boxes = [each for each in statements if "BETWEEN" in each]
        assert len(statements) <= len(boxes) + most, statements
    levels = {edge["node"]["code"]: edge["node"]["stockLevel"] for edge in found["edges"]}
    assert levels == {"ONE": {"available": 9}, "TWO": None, "THREE": None}
