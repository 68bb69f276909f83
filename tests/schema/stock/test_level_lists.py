"""Lists of stock levels: cut, sorted, counted and added up, as far as whoever asks may know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.database import execute
from models.stock.levels import StockLevel
from resolvers.stock import level_values
from tests.make.api import Api
from tests.make.documents import document
from tests.make.movements import moved
from tests.make.persons import staff
from tests.make.sales import context_of
from tests.make.shop import Shop, new_key, open_shop
from tests.make.statements import counting

LIST = """query ($filter: StockLevelFilter, $sort: StockLevelSort, $near: GeoPointInput, $first: Int,
  $after: String, $last: Int, $before: String) {
  stockLevels(filter: $filter, sort: $sort, near: $near, first: $first, after: $after, last: $last,
    before: $before) {
    totalCount
    totals { levels onHand available held committed incoming value { amount } }
    edges { node { available onHand safetyStock health soldLast coverDays week: soldLast(days: 7)
      distanceMetres stockValue { amount } updatedAt location { code } variant { sku } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
OF_VARIANT = """query ($id: ID!, $near: GeoPointInput) { variant(id: $id) {
  stockLevels(near: $near) { totalCount totals { levels available } edges { node { health } } } } }"""
PIECES = {"ONE": 60, "TWO": 3, "THREE": 0, "FOUR": 20}
SOLD = {"ONE": 30, "TWO": 9, "FOUR": 0}


@pytest.fixture
async def shops(api: Api) -> tuple[Api, dict[str, Shop]]:
    """Four shops, each with a product of its own; TWO is below its safety stock."""
    admin = await api.staff()
    shops = {code: await open_shop(admin, 1, code) for code in PIECES}
    for code, pieces in PIECES.items():
        await put(admin, code, pieces)
    floor = {"sku": "TWO-1", "locationCode": "TWO", "quantity": 5}
    await admin.do(document("hq/safety_stock_set"), input={"rows": [floor]})
    ctx = await context_of(api)
    for code, pieces in SOLD.items():
        level = await StockLevel.get(location__code=code)
        if pieces:
            await moved(ctx, level, pieces, 8)
        await moved(ctx, level, 50, 40)
    return admin, shops


async def put(admin: Api, code: str, pieces: int) -> None:
    row = {"locationCode": code, "sku": f"{code}-1", "quantity": pieces}
    given = {"rows": [row], "idempotencyKey": new_key()}
    await admin.do(document("erp/stock_set"), input=given)


async def found(who: Api, **asked: Any) -> Any:
    return (await who.ask(LIST, **asked))["stockLevels"]


async def codes(who: Api, **asked: Any) -> list[str]:
    page = await found(who, **asked)
    listed = [edge["node"]["location"]["code"] for edge in page["edges"]]
    assert page["totalCount"] == len(listed)
    return listed


async def test_a_level_says_how_it_stands_and_sells(shops: tuple[Api, dict[str, Shop]]) -> None:
    admin, _ = shops
    nodes = [edge["node"] for edge in (await found(admin))["edges"]]
    seen = {
        node["location"]["code"]: tuple(
            node[name] for name in ("health", "soldLast", "coverDays", "week")
        )
        for node in nodes
    }
    assert seen == {
        "ONE": ("SOUND", 30, 60, 0),
        "TWO": ("BELOW_SAFETY", 9, 10, 0),
        "FOUR": ("SOUND", 0, None, 0),
        "THREE": ("OUT", 0, None, 0),
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"health": ["BELOW_SAFETY"]}, ["TWO"]),
        ({"health": ["SOUND", "BELOW_SAFETY"]}, ["ONE", "TWO", "FOUR"]),
        ({"health": ["OUT"]}, ["THREE"]),
        ({"health": ["OVERSTOCK", "BELOW_MINIMUM"]}, []),
        ({"health": []}, []),
        ({"search": "two-1"}, ["TWO"]),
        ({"search": "纯牛"}, ["ONE", "TWO", "THREE", "FOUR"]),
        ({"search": "没有"}, []),
        ({"organisationCode": "FOUR"}, ["FOUR"]),
        ({"locationId": "store:ONE"}, ["ONE"]),
        ({"variantId": "sku:TWO-1"}, ["TWO"]),
        ({"variantId": "sku:TWO-1", "locationId": "store:ONE"}, []),
        ({"brandCode": "NONE"}, []),
        ({"categoryCode": "NONE"}, []),
    ],
)
async def test_all_that_a_filter_gives_must_hold(
    shops: tuple[Api, dict[str, Shop]], wanted: dict[str, Any], expected: list[str]
) -> None:
    admin, _ = shops
    assert await codes(admin, filter=wanted) == expected


async def test_goods_are_found_by_brand_and_by_category_with_those_below(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    tree = [{"code": "FOOD", "name": "Food"}, {"code": "MILK", "name": "M", "parentCode": "FOOD"}]
    await admin.do(
        document("erp/category_upsert"),
        input={"categories": tree},
    )
    product = {"code": "TWO-1", "name": "纯牛奶", "brandCode": "B", "brandName": "B"}
    product |= {"categoryCode": "MILK", "variants": [{"sku": "TWO-1", "price": "9.90"}]}
    await admin.do(document("erp/catalog_upsert"), input={"products": [product]})
    for wanted in ({"categoryCode": "FOOD"}, {"categoryCode": "MILK"}, {"brandCode": "B"}):
        assert await codes(admin, filter=wanted) == ["TWO"]


async def test_what_was_not_sold_for_so_long_stands_there_as_long(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    assert await codes(admin, filter={"unsoldDays": 9}) == []  # they came today
    since = datetime.now(UTC) - timedelta(days=300)
    await execute("UPDATE stock_level SET created_at = ?", since)
    unsold = {days: await codes(admin, filter={"unsoldDays": days}) for days in (7, 9, 41)}
    assert unsold == {7: [*PIECES], 9: ["THREE", "FOUR"], 41: ["THREE"]}
    for days in (0, 367):
        answer = await admin.send(LIST, filter={"unsoldDays": days})
        assert answer["errors"][0]["extensions"]["code"] == "INVALID"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("AVAILABLE_ASC", ["TWO", "FOUR", "ONE"]),
        ("AVAILABLE_DESC", ["ONE", "FOUR", "TWO"]),
        ("COVER_ASC", ["TWO", "ONE", "FOUR"]),
        ("UPDATED", ["FOUR", "ONE", "TWO"]),
    ],
)
async def test_each_order_is_paged_to_its_end_and_back(
    shops: tuple[Api, dict[str, Shop]], sort: str, expected: list[str]
) -> None:
    admin, _ = shops
    for code in ("TWO", "ONE", "FOUR") if sort == "UPDATED" else ():
        await put(admin, code, PIECES[code] + 1)
    some = {"health": ["SOUND", "BELOW_SAFETY"]}
    assert await codes(admin, sort=sort, filter=some) == expected
    walked: list[str] = []
    asked: dict[str, Any] = {"first": 1}
    while True:
        page = await found(admin, sort=sort, filter=some, **asked)
        walked += [edge["node"]["location"]["code"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        asked = {"first": 1, "after": page["pageInfo"]["endCursor"]}
    assert walked == expected
    back = await found(
        admin, sort=sort, filter=some, last=1, before=page["pageInfo"]["startCursor"]
    )
    assert [edge["node"]["location"]["code"] for edge in back["edges"]] == [expected[-2]]
    other = await admin.send(LIST, filter=some, first=1, after=page["pageInfo"]["startCursor"])
    assert other["errors"][0]["extensions"]["code"] == "INVALID"


async def test_the_nearest_place_comes_first_and_those_without_a_position_never(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    for code, latitude in (("ONE", 41.9), ("TWO", 41.8), ("FOUR", 42.0)):
        row = {"code": code, "name": code, "address": {"street": "太原街1号"}}
        row["position"] = {"latitude": latitude, "longitude": 123.4}
        await admin.do(document("erp/store_upsert"), input={"stores": [row]})
    none = {"code": "THREE", "name": "THREE", "address": {"street": "1"}, "position": None}
    await admin.do(document("erp/store_upsert"), input={"stores": [none]})
    near = {"latitude": 41.8, "longitude": 123.4}
    page = await found(admin, sort="DISTANCE", near=near)
    nodes = [edge["node"] for edge in page["edges"]]
    assert [node["location"]["code"] for node in nodes] == ["TWO", "ONE", "FOUR"]
    assert nodes[0]["distanceMetres"] == 0
    assert 11_000 < nodes[1]["distanceMetres"] < 11_200
    assert (page["totalCount"], page["totals"]["levels"]) == (3, 3)
    clerk = await staff(admin, "FOUR", "MANAGER")
    assert await codes(clerk, sort="DISTANCE") == ["FOUR", "ONE", "TWO"]
    answer = await admin.send(LIST, sort="DISTANCE")
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_totals_are_of_the_whole_list_whatever_its_page(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    cost = {"locationCode": "ONE", "sku": "ONE-1", "unitCost": "2.50"}
    await admin.do(document("hq/opening_cost_set"), input={"rows": [cost]})
    page = await found(admin, first=1)
    assert len(page["edges"]) == 1
    totals = page["totals"]
    assert totals["available"] == totals["onHand"] == sum(PIECES.values())
    assert totals["levels"] == page["totalCount"]
    assert Decimal(totals["value"]["amount"]) == Decimal("150.00")
    assert page["edges"][0]["node"]["stockValue"]["amount"] == "150.00"
    await put(admin, "ONE", 59)
    totals = (await found(admin))["totals"]
    assert (totals["available"], totals["value"]["amount"]) == (82, "147.50")


async def test_a_total_value_is_the_last_counted_one_while_much_is_to_be_counted(
    shops: tuple[Api, dict[str, Shop]], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, _ = shops
    cost = {"locationCode": "ONE", "sku": "ONE-1", "unitCost": "2.50"}
    await admin.do(document("hq/opening_cost_set"), input={"rows": [cost]})
    await put(admin, "ONE", 59)
    assert (await found(admin))["totals"]["value"]["amount"] == "147.50"
    monkeypatch.setattr(level_values, "MOST_UNCOUNTED", 0)
    assert (await found(admin))["totals"]["value"]["amount"] == "150.00"


async def test_strangers_find_no_levels_by_the_name_of_what_is_not_on_sale(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    await execute("UPDATE product SET status = 'DRAFT'")
    wanted = {"search": "two-1"}
    assert await codes(admin.as_(None), filter=wanted) == []
    assert await codes(admin, filter=wanted) == ["TWO"]


async def test_whoever_may_not_read_stock_learns_nothing_of_it(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    clerk = await staff(admin, "ONE", "MANAGER")
    for who, own in ((admin.as_(None), ()), (await admin.guest(), ()), (clerk, ("ONE",))):
        page = await found(who)
        for node in (edge["node"] for edge in page["edges"]):
            foreign = node["location"]["code"] not in own
            told = [node[name] for name in ("health", "soldLast", "coverDays")]
            assert told == ([None] * 3 if foreign else ["SOUND", 30, 60])
            assert node["safetyStock"] == 0
        assert page["totals"]["available"] == sum(PIECES[code] for code in own)
        assert page["totals"]["levels"] == len(own)
        for private in (
            {"sort": "AVAILABLE_ASC"},
            {"sort": "COVER_ASC"},
            {"sort": "UPDATED"},
            {"filter": {"health": ["SOUND", "BELOW_SAFETY"]}},
        ):
            assert await codes(who, **private) == list(own)
        assert await codes(who, sort="VALUE_DESC") == []
    assert len(await codes(await staff(admin, "ONE", "FINANCE"), sort="VALUE_DESC")) == 1
    for stranger in (admin.as_(None), clerk):
        answer = await stranger.send(LIST, filter={"organisationCode": "TWO"})
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_list_costs_the_same_statements_however_long(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, _ = shops
    counts = []
    for first in (1, 3):
        with counting() as statements:
            page = await found(admin, first=first, sort="COVER_ASC")
        assert len(page["edges"]) == first
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 20, statements


async def test_the_levels_of_variants_are_counted_and_added_up_too(
    shops: tuple[Api, dict[str, Shop]],
) -> None:
    admin, shop = shops
    near = {"latitude": 41.8, "longitude": 123.4}
    for more in ({}, {"near": near}):
        levels = (await admin.ask(OF_VARIANT, id=shop["TWO"].variant_id, **more))["variant"]
        assert levels["stockLevels"] == {
            "totalCount": 1,
            "totals": {"levels": 1, "available": 3},
            "edges": [{"node": {"health": "BELOW_SAFETY"}}],
        }
