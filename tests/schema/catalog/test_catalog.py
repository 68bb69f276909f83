from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.make.api import Api
from tests.make.goods import a_gtin
from tests.make.products import LIST, UPSERT, row

PRODUCT = """query($code: String) { product(code: $code) {
  id code slug name description status tags
  brand { code name } category { code parent { code } } organisation { code kind }
  options { name values } media { url alt kind }
  priceRange { lowest { amount currency } highest { amount } }
  variants { sku name gtins price { amount } compareAtPrice { amount } available
    selectedOptions { name value } product { code }
    stockLevels(near: {latitude: 41.8, longitude: 123.4}) { edges { node { available } } } }
} }"""


async def test_what_an_erp_sends_every_client_reads(api: Api) -> None:
    erp = await api.staff()
    sent = row(
        "P1",
        brandCode="HLJ",
        brandName="欢乐家",
        categoryCode="CAN",
        categoryParentCode="FOOD",
        tags=["新"],
        media=[{"url": "https://cdn.example/1.jpg", "alt": "一罐"}],
        variants=[
            {
                "sku": "P1-S",
                "price": "9.90",
                "compareAtPrice": "12.00",
                "gtins": [a_gtin(1)],
                "options": [{"name": "规格", "value": "小"}],
            }
        ],
    )
    payload = await erp.do(UPSERT, input={"products": [sent]})
    assert (payload["created"], payload["results"][0]["externalCode"]) == (1, "P1")
    product = (await api.ask(PRODUCT, code="P1"))["product"]
    assert product.pop("id")
    assert product.pop("organisation")["kind"] == "PLATFORM"
    assert product == {
        "code": "P1",
        "slug": "黄桃罐头p1-p1",
        "name": "黄桃罐头P1",
        "description": "",
        "status": "ACTIVE",
        "tags": ["新"],
        "brand": {"code": "HLJ", "name": "欢乐家"},
        "category": {"code": "CAN", "parent": {"code": "FOOD"}},
        "options": [{"name": "规格", "values": ["小"]}],
        "media": [{"url": "https://cdn.example/1.jpg", "alt": "一罐", "kind": "IMAGE"}],
        "priceRange": {
            "lowest": {"amount": "9.90", "currency": "CNY"},
            "highest": {"amount": "9.90"},
        },
        "variants": [
            {
                "sku": "P1-S",
                "name": "小",
                "gtins": [a_gtin(1)],
                "price": {"amount": "9.90"},
                "compareAtPrice": {"amount": "12.00"},
                "available": 0,
                "selectedOptions": [{"name": "规格", "value": "小"}],
                "product": {"code": "P1"},
                "stockLevels": {"edges": []},
            }
        ],
    }


async def test_again_changes_nothing_and_omitted_differs_from_null(api: Api) -> None:
    erp = await api.staff()
    full = row("P1", brandCode="B")
    await erp.do(UPSERT, input={"products": [full]})
    again = await erp.do(UPSERT, input={"products": [full]})
    assert (again["created"], again["updated"]) == (0, 0)
    assert [each["ok"] for each in again["results"]] == [True]
    await erp.do(UPSERT, input={"products": [row("P1")]})
    assert (await api.ask(PRODUCT, code="P1"))["product"]["brand"] == {"code": "B", "name": "B"}
    await erp.do(UPSERT, input={"products": [row("P1", brandCode=None)]})
    assert (await api.ask(PRODUCT, code="P1"))["product"]["brand"] is None


async def test_a_broken_row_is_named_in_the_callers_language(api: Api) -> None:
    erp = (await api.staff()).speaking("zh")
    broken = {**row("P2"), "variants": [{"sku": "P2", "price": "-1"}]}
    answer = await erp.ask(UPSERT, input={"products": [row("P1"), broken]})
    payload = answer["catalogUpsert"]
    path = ["products", "1", "variants", "0", "price"]
    message = "价格最多两位小数，且不能为负。"
    error = {"code": "INVALID", "message": message, "path": path}
    assert payload["userErrors"] == [error]
    assert payload["results"][1]["userErrors"] == [error]
    assert [each["ok"] for each in payload["results"]] == [True, False]
    assert (await api.ask(PRODUCT, code="P1"))["product"] is None


async def test_a_visitor_may_not_import(api: Api) -> None:
    answer = await api.send(UPSERT, input={"products": [row("P1")]})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_variant_is_found_by_each_of_its_names(api: Api) -> None:
    await (await api.staff()).do(UPSERT, input={"products": [row("P1", gtins=[a_gtin(1)])]})
    query = (
        "query($id: ID, $sku: String, $gtin: String)"
        " { variant(id: $id, sku: $sku, gtin: $gtin) { id sku } }"
    )
    found = (await api.ask(query, gtin=a_gtin(1)))["variant"]
    assert found == (await api.ask(query, sku="P1"))["variant"]
    assert found == (await api.ask(query, id=found["id"]))["variant"]
    assert (await api.ask(query, gtin="0" + a_gtin(1)))["variant"] == found
    assert (await api.ask(query, gtin=a_gtin(2)))["variant"] is None
    node = "query($id: ID!) { node(id: $id) { id ... on Variant { sku } } }"
    assert (await api.ask(node, id=found["id"]))["node"] == found


async def test_drafts_are_hidden_from_the_public_in_every_way(api: Api) -> None:
    erp = await api.staff()
    await erp.do(UPSERT, input={"products": [row("P1", status="DRAFT")]})
    ids = (await erp.ask('{ product(code: "P1") { id variants { id } } }'))["product"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    nodes = [ids["id"], ids["variants"][0]["id"]]
    assert (await api.ask(query, ids=nodes))["nodes"] == [None, None]
    assert [each["id"] for each in (await erp.ask(query, ids=nodes))["nodes"]] == nodes
    assert (await api.ask(LIST, first=5))["products"]["totalCount"] == 0
    assert (await erp.ask(LIST, first=5))["products"]["totalCount"] == 1


async def test_a_list_costs_the_same_statements_for_3_or_30_products(
    api: Api, count_statements: Callable[[], Any]
) -> None:
    rows = [
        row(f"P{n:02}", brandCode=f"B{n % 7}", categoryCode=f"C{n % 5}", gtins=[a_gtin(n)])
        for n in range(40)
    ]
    await (await api.staff()).do(UPSERT, input={"products": rows})
    counts = []
    for first in (3, 30):
        with count_statements() as statements:
            page = (await api.ask(LIST, first=first, filter={"search": "罐头"}))["products"]
        assert (len(page["edges"]), page["totalCount"]) == (first, 40)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 14


async def test_brands_and_categories_are_listed(api: Api) -> None:
    rows = [row("P1", brandCode="B", categoryCode="MILK", categoryParentCode="FOOD")]
    await (await api.staff()).do(UPSERT, input={"products": rows})
    query = (
        "{ brands { code } top: categories { code children { code } }"
        ' categories(parentCode: "FOOD") { code } }'
    )
    assert await api.ask(query) == {
        "brands": [{"code": "B"}],
        "top": [{"code": "FOOD", "children": [{"code": "MILK"}]}],
        "categories": [{"code": "MILK"}],
    }


async def test_hostile_lists_are_refused_politely(api: Api) -> None:
    for variables in (
        {"first": 251},
        {"first": -1},
        {"first": 1, "filter": {"search": "x" * 101}},
        {"first": 1, "filter": {"soldAtStoreId": "nonsense"}},
        {"first": 1, "filter": {"priceFrom": "0.001"}},
    ):
        answer = await api.send(LIST, **variables)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID", variables


async def test_brands_and_categories_are_found_with_how_much_is_in_them(api: Api) -> None:
    erp = await api.staff()
    rows = [
        row("P1", brandCode="B1", categoryCode="TEE", categoryParentCode="TOPS"),
        row("P2", brandCode="B1", categoryCode="TOPS"),
        row("P3", brandCode="B2", categoryCode="TEE", status="DRAFT"),
    ]
    assert (await erp.do(UPSERT, input={"products": rows}))["created"] == 3
    asked = (
        '{ brand(code: "B1") { code productCount } none: brand(code: "B9") { code }'
        ' category(code: "TOPS") { code productCount children { code productCount } }'
        ' gone: category(code: "") { code } brands { code productCount } }'
    )
    assert await api.ask(asked) == {
        "brand": {"code": "B1", "productCount": 2},
        "none": None,
        "category": {
            "code": "TOPS",
            "productCount": 2,
            "children": [{"code": "TEE", "productCount": 1}],
        },
        "gone": None,
        "brands": [{"code": "B1", "productCount": 2}, {"code": "B2", "productCount": 0}],
    }
    seen = await erp.ask(
        '{ category(code: "TOPS") { productCount } brand(code: "B2") { productCount } }'
    )
    assert seen == {"category": {"productCount": 3}, "brand": {"productCount": 1}}


async def test_the_history_of_a_price_names_who_changed_it(api: Api) -> None:
    erp = await api.staff()
    await erp.do(UPSERT, input={"products": [row("P1")]})
    asked = (
        '{ variant(sku: "P1") { priceHistory { edges { node {'
        " before { amount } after { amount } actor { ... on Staff { username } } } } } } }"
    )
    (edge,) = (await erp.ask(asked))["variant"]["priceHistory"]["edges"]
    assert edge["node"]["actor"]["username"]
    assert (edge["node"]["before"], edge["node"]["after"]) == (None, {"amount": "9.90"})
