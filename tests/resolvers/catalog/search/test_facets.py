from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from models.catalog.products import ProductStatus, Variant
from models.errors import InvalidInput
from resolvers.catalog.search import facets, listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.context import Context
from tests.make.checkouts import a_store
from tests.make.goods import a_product, a_variant, a_visitor, pieces, put, selecting

MILK = {"category_code": "MILK", "category_parent_code": "FOOD"}
GOODS = [
    a_product("A", "牛奶一", brand_code="B1", tags=["新"], price="9.99", **MILK),
    a_product("B", "牛奶二", brand_code="B1", tags=["新", "惠"], price="10.00", **MILK),
    a_product("C", "红茶", brand_code="B2", category_code="FOOD", tags=["惠"], price="2500.00"),
    a_product("D", "牛奶三", brand_code="B2", status=ProductStatus.DRAFT),
    a_product(
        "E",
        "衬衫",
        category_code="WEAR",
        variants=[
            a_variant("E1", "50.00", options=selecting(尺码="大", 颜色="红")),
            a_variant("E2", "99.00", options=selecting(尺码="小", 颜色="蓝")),
        ],
    ),
]


async def counted(ctx: Context, **given: Any) -> dict[str, Any]:
    query = ProductQuery(**given)
    return {
        "brands": {row.code: n for row, n in await facets.brands(ctx, query)},
        "categories": {row.code: n for row, n in await facets.categories(ctx, query)},
        "tags": dict(await facets.tags(ctx, query)),
        "options": {name: dict(values) for name, values in await facets.options(ctx, query)},
        "prices": {each.from_minor: each.count for each in await facets.price_bands(ctx, query)},
        "in_stock": await facets.in_stock(ctx, query),
    }


async def test_each_count_is_what_the_list_would_count(ctx: Context) -> None:
    await put(ctx, *GOODS)
    store = await a_store(ctx)
    await pieces((await Variant.get(sku="A")).id, store.id, 3)
    visitor = a_visitor(ctx)
    everything = {
        "brands": {"B1": 2, "B2": 1},
        "categories": {"FOOD": 3, "MILK": 2, "WEAR": 1},
        "tags": {"新": 2, "惠": 2},
        "options": {"尺码": {"大": 1, "小": 1}, "颜色": {"红": 1, "蓝": 1}},
        "prices": {0: 1, 1000: 1, 5000: 1, 100000: 1},
        "in_stock": 1,
    }
    assert await counted(visitor) == everything
    assert (await counted(ctx))["brands"] == {"B1": 2, "B2": 2}
    # A facet ignores its own selection, the others are cut by it.
    chosen = await counted(visitor, brand_code="B2")
    assert chosen["brands"] == everything["brands"]
    assert (chosen["categories"], chosen["tags"], chosen["in_stock"]) == ({"FOOD": 1}, {"惠": 1}, 0)
    chosen = await counted(visitor, category_code="MILK", price_to=Decimal("9.99"))
    assert chosen["categories"] == {"FOOD": 1, "MILK": 1}
    assert (chosen["prices"], chosen["tags"]) == ({0: 1, 1000: 1}, {"新": 1})
    chosen = await counted(visitor, search="niunai", tags=("惠",))
    assert (chosen["tags"], chosen["brands"]) == ({"新": 2, "惠": 1}, {"B1": 1})
    for given in ({"brand_code": "B1"}, {"category_code": "FOOD"}, {"tags": ("新",)}):
        (value,) = given.values()
        name = {"brand_code": "brands", "category_code": "categories", "tags": "tags"}[
            next(iter(given))
        ]
        listed = await listing.count(visitor, ProductQuery(**given))  # type: ignore[arg-type]
        assert everything[name][value if isinstance(value, str) else value[0]] == listed


async def test_one_variant_has_all_the_options_asked_for(ctx: Context) -> None:
    await put(ctx, *GOODS)
    query = ProductQuery(options=(("尺码", "大"), ("颜色", "红")))
    assert await listing.count(ctx, query) == 1
    assert await listing.count(ctx, replace(query, options=(("尺码", "大"), ("颜色", "蓝")))) == 0
    kept = dict(await facets.options(ctx, query))
    assert dict(kept["尺码"]) == {"大": 1, "小": 1}
    with pytest.raises(InvalidInput):
        await listing.count(ctx, ProductQuery(options=(("a", "b"),) * 6))
