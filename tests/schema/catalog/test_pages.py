"""What pages show of goods: attributes, neighbours, pictures, counts; and how ERPs write it."""

from __future__ import annotations

from typing import Any

import pytest

from models.catalog.classification import Brand
from models.catalog.products import Product
from models.database import execute, fetch, transaction
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.products import UPSERT, row
from tests.make.shop import open_shop

BRANDS = document("erp/brand_upsert")
CATEGORIES = document("erp/category_upsert")
PAGE = """query($code: String) { product(code: $code) {
  attributes { key value } soldCount variantCount related { code related { code } }
  brand { name story logo { url alt kind } } category { position image { url } }
  variants(first: 1) { sku media { url kind } }
} }"""
LOGO = {"url": "https://cdn.example/logo.svg", "alt": "标志"}


async def page(who: Api, code: str) -> dict[str, Any]:
    found: dict[str, Any] = (await who.ask(PAGE, code=code))["product"]
    return found


async def test_what_an_erp_says_of_goods_stands_on_their_page(api: Api) -> None:
    erp = await api.staff()
    given = row(
        "P1",
        brandCode="B",
        brandName="清风",
        brandLogo=LOGO,
        brandStory="一百年\r\n老店",
        categoryCode="C",
        categoryImage={"url": "https://cdn.example/c.jpg"},
        categoryPosition=7,
        attributes=[{"key": "产地", "value": "挪威"}, {"key": "保质期", "value": "12 个月"}],
        relatedCodes=["P3", "LATER", "P2", "P3"],
        variants=[
            {
                "sku": "P1-1",
                "price": "1",
                "media": [{"url": "https://cdn.example/v.mp4", "kind": "VIDEO"}],
                "options": [{"name": "色", "value": "红"}],
            },
            {"sku": "P1-2", "price": "1", "options": [{"name": "色", "value": "蓝"}]},
        ],
    )
    others = [row("P2", relatedCodes=["P1"]), row("P3", status="DRAFT")]
    assert (await erp.do(UPSERT, input={"products": [given, *others]}))["created"] == 3
    again = await erp.do(UPSERT, input={"products": [given, *others]})
    assert (again["created"], again["updated"]) == (0, 0)

    seen = await page(api, "P1")
    assert seen == {
        "attributes": [
            {"key": "产地", "value": "挪威"},
            {"key": "保质期", "value": "12 个月"},
        ],
        "soldCount": 0,
        "variantCount": 2,
        "related": [{"code": "P2", "related": [{"code": "P1"}]}],
        "brand": {"name": "清风", "story": "一百年\n老店", "logo": {**LOGO, "kind": "IMAGE"}},
        "category": {"position": 7, "image": {"url": "https://cdn.example/c.jpg"}},
        "variants": [
            {"sku": "P1-1", "media": [{"url": "https://cdn.example/v.mp4", "kind": "VIDEO"}]}
        ],
    }
    codes = [each["code"] for each in (await page(erp, "P1"))["related"]]
    assert codes == ["P3", "P2"], "staff see drafts, in the order given"
    await erp.do(UPSERT, input={"products": [row("LATER", name="后来")]})
    codes = [each["code"] for each in (await page(erp, "P1"))["related"]]
    assert codes == ["P3", "LATER", "P2"]

    # What is left out stays, and an empty list empties.
    await erp.do(UPSERT, input={"products": [row("P1", variants=given["variants"][1:])]})
    assert await page(api, "P1") == {
        **seen,
        "related": [{"code": "LATER", "related": []}, *seen["related"]],
    }
    bare = {"sku": "P1-1", "price": "1", "media": []}
    await erp.do(
        UPSERT,
        input={"products": [row("P1", attributes=[], relatedCodes=[], variants=[bare])]},
    )
    now = await page(api, "P1")
    assert (now["attributes"], now["related"], now["variants"][0]["media"]) == ([], [], [])
    assert now["brand"] == seen["brand"]


async def test_rows_from_before_have_none_of_it_and_giving_none_changes_nothing(api: Api) -> None:
    erp = await api.staff()
    await erp.do(UPSERT, input={"products": [row("P1", brandCode="B", categoryCode="C")]})
    await transaction(execute, "UPDATE product SET attributes = NULL, related_codes = NULL")
    await transaction(execute, "UPDATE variant SET media = NULL")
    seen = await page(api, "P1")
    assert (seen["attributes"], seen["related"], seen["variants"][0]["media"]) == ([], [], [])
    assert seen["brand"] == {"name": "B", "story": None, "logo": None}
    assert seen["category"] == {"position": 0, "image": None}
    nothing = row("P1", attributes=[], relatedCodes=[])
    nothing["variants"][0]["media"] = []
    assert (await erp.do(UPSERT, input={"products": [nothing]}))["updated"] == 0


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"attributes": [{"key": "a", "value": "1"}] * 2}, "DUPLICATE", "attributes"),
        ({"attributes": [{"key": " ", "value": "1"}]}, "INVALID", "attributes.0.key"),
        ({"attributes": [{"key": "a", "value": "x" * 501}]}, "INVALID", "attributes.0.value"),
        (
            {"attributes": [{"key": str(n), "value": "1"} for n in range(51)]},
            "INVALID",
            "attributes",
        ),
        ({"relatedCodes": ["P1"]}, "INVALID", "relatedCodes"),
        ({"relatedCodes": ["不行"]}, "INVALID", "relatedCodes.0"),
        ({"relatedCodes": [f"R{n}" for n in range(21)]}, "INVALID", "relatedCodes"),
        ({"brandCode": "B", "brandLogo": {"url": "javascript:1"}}, "INVALID", "brandLogo.url"),
        ({"brandCode": "B", "brandStory": "x" * 20_001}, "INVALID", "brandStory"),
        ({"categoryCode": "C", "categoryPosition": -1}, "INVALID", "categoryPosition"),
    ],
)
async def test_what_no_page_can_show_is_refused_by_its_place(
    api: Api, given: dict[str, Any], code: str, path: str
) -> None:
    erp = await api.staff()
    payload = (await erp.send(UPSERT, input={"products": [row("P1", **given)]}))["data"]
    (error,) = payload["catalogUpsert"]["userErrors"]
    assert (error["code"], ".".join(error["path"])) == (code, f"products.0.{path}")
    assert await Product.all().count() == 0


async def test_rows_that_show_a_brand_differently_do_not_both_stand(api: Api) -> None:
    erp = await api.staff()
    rows = [
        row(f"P{number}", brandCode="B", brandLogo={"url": f"https://cdn.example/{number}"})
        for number in range(2)
    ]
    payload = (await erp.send(UPSERT, input={"products": rows}))["data"]["catalogUpsert"]
    (error,) = payload["userErrors"]
    assert error["path"] == ["products", "1", "brandLogo"]


async def test_brands_come_by_themselves_and_their_products_are_found_by_the_new_name(
    api: Api,
) -> None:
    erp = await api.staff()
    await erp.do(UPSERT, input={"products": [row("P1", brandCode="A", brandName="旧名")]})
    given = [
        {"code": "A", "name": "新牌", "logo": LOGO, "story": "故事"},
        {"code": "B", "name": "清风"},
    ]
    payload = await erp.do(BRANDS, input={"brands": given})
    assert (payload["created"], payload["updated"]) == (1, 1)
    assert [each["nodeId"] is not None for each in payload["results"]] == [True, True]
    rows = await fetch("SELECT topic FROM outbox_event WHERE topic = 'brand.changed'")
    assert len(rows) == 2
    again = await erp.do(BRANDS, input={"brands": given})
    assert (again["created"], again["updated"]) == (0, 0)
    search = "query($words: String!) { products(filter: { search: $words }) { totalCount } }"
    for words, found in (("新牌", 1), ("旧名", 0)):
        assert (await api.ask(search, words=words))["products"]["totalCount"] == found
    await erp.do(BRANDS, input={"brands": [{"code": "A", "name": "新牌"}]})
    kept = await Brand.get(code="A")
    assert (kept.logo, kept.story) == ({**LOGO, "kind": "IMAGE"}, "故事")
    emptied = [{"code": "A", "name": "新牌", "logo": None, "story": None}]
    assert (await erp.do(BRANDS, input={"brands": emptied}))["updated"] == 1
    kept = await Brand.get(code="A")
    assert (kept.logo, kept.story) == (None, None)

    faulty = [{"code": "D", "name": ""}, {"code": "C", "name": "c", "logo": {"url": "x"}}, *given]
    payload = (await erp.send(BRANDS, input={"brands": faulty}))["data"]["brandUpsert"]
    assert {".".join(each["path"]) for each in payload["userErrors"]} == {
        "brands.0.name",
        "brands.1.logo.url",
    }
    assert (await Brand.get(code="A")).logo is None
    (error,) = (await api.send(BRANDS, input={"brands": given}))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_categories_stand_by_position_then_code_and_pages_go_on_behind_any(api: Api) -> None:
    erp = await api.staff()
    places = {"A": 5, "B": 1, "C": 0, "D": 1, "E": None}
    rows = [{"code": "TOP", "name": "Top"}]
    rows += [
        {"code": code, "name": code, "parentCode": "TOP", "position": place}
        for code, place in places.items()
    ]
    assert (await erp.do(CATEGORIES, input={"categories": rows}))["created"] == 6
    in_order = ["C", "E", "B", "D", "A"]
    root = (
        'query($after: String) { list: categories(parentCode: "TOP", afterCode: $after) { code } }'
    )
    below = (
        'query($after: String) { category(code: "TOP") { childCount'
        " children(first: 2, afterCode: $after) { code position } } }"
    )
    for number, after in enumerate([None, *in_order]):
        found = (await api.ask(root, after=after))["list"]
        assert [each["code"] for each in found] == in_order[number:]
        top = (await api.ask(below, after=after))["category"]
        assert [each["code"] for each in top["children"]] == in_order[number : number + 2]
        assert top["childCount"] == 5
    picture = {"url": "https://cdn.example/a.jpg"}
    moved = [
        {"code": "A", "name": "A", "image": picture},
        {"code": "B", "name": "B", "position": 9},
    ]
    assert (await erp.do(CATEGORIES, input={"categories": moved}))["updated"] == 2
    assert (await erp.do(CATEGORIES, input={"categories": moved}))["updated"] == 0
    found = (await api.ask(root))["list"]
    assert [each["code"] for each in found] == ["C", "E", "D", "A", "B"]


async def test_stock_of_a_variant_is_for_who_may_read_it(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 9, code="ONE")
    await open_shop(admin, 4, code="TWO")
    ask = (
        "query($id: ID!) { variant(id: $id) { available onHand soldLast week: soldLast(days: 7) } }"
    )
    picker = await staff(admin, "TWO", "PICKER")
    shown = {"available": 9, "onHand": 9}
    for who, onhand, sold in ((admin, 9, 0), (picker, 0, 0), (api, 9, None)):
        found = (await who.ask(ask, id=shop.variant_id))["variant"]
        assert found == {**shown, "onHand": onhand, "soldLast": sold, "week": sold}
    wrong = "query($id: ID!) { variant(id: $id) { soldLast(days: 0) } }"
    (error,) = (await admin.send(wrong, id=shop.variant_id))["errors"]
    assert error["extensions"]["code"] == "INVALID"
