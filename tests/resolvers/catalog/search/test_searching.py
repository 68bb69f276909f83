from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from models.catalog.products import Product, ProductStatus, Variant
from models.database import execute, fetch
from resolvers.catalog.products.products import count_sales
from resolvers.catalog.search import indexing, listing, searching
from resolvers.catalog.search.filters import ProductQuery
from resolvers.catalog.search.listing import ProductSort
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from tests.make.goods import a_gtin, a_merchant, a_product, a_variant, a_visitor, erp_of, put

MILK = [
    a_product("P1", "蒙牛纯牛奶250ml"),
    a_product("P2", "牛奶"),
    a_product("P3", "牛奶糖果礼盒装"),
    a_product("P4", "可可粉", brand_code="NN", brand_name="牛奶牌"),
    a_product("P5", "牛津奶油"),
    a_product("P6", "牛奶饼干", status=ProductStatus.DRAFT),
    a_product("P7", "暖暖贴"),
    a_product("CNN", "咖啡", variants=[a_variant("P7-X", gtins=[a_gtin(7)])]),
]


async def found(
    ctx: Context, text: str, sort: ProductSort | None = None, size: int = 3
) -> list[str]:
    """All pages of a search, walked to the end and counted."""
    query, codes, after = ProductQuery(search=text), list[str](), None
    while True:
        page = await listing.page(ctx, query, sort, PageRequest(first=size, after=after))
        codes += [each.code for each in page.rows]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert await listing.count(ctx, query) == len(codes) == len(set(codes))
    return codes


@pytest.mark.parametrize("rare", [0, 2, 10_000])
async def test_the_best_hits_come_first_however_they_are_looked_for(
    ctx: Context, rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "RARE", rare)
    await put(ctx, *MILK)
    visitor = a_visitor(ctx)
    table = [
        # The beginning of a name, then its middle, then a brand.
        ("牛奶", ["P2", "P3", "P1", "P4"]),
        ("牛", ["P2", "P3", "P5", "P1", "P4"]),
        ("纯牛奶", ["P1"]),
        ("牛奶 礼盒", ["P3"]),
        ("礼盒 牛奶", ["P3"]),
        ("牛奶 没有", []),
        ("奶牛", []),
        # Pinyin: initials behind letters, a code before both.
        ("nn", ["P2", "P7", "P3", "P1", "P4"]),
        ("cnn", ["CNN", "P1"]),
        ("niunai", ["P2", "P3", "P1", "P4"]),
        ("nuannuan", ["P7"]),
        ("kekefen", ["P4"]),
        ("250 niunai", ["P1"]),
        (a_gtin(7), ["CNN"]),
        ("P7-X", ["CNN"]),
        ("p7-x", ["CNN"]),
        ("zzz", []),
    ]
    for text, codes in table:
        hits = await found(visitor, text)
        assert (text, sorted(hits)) == (text, sorted(codes))
        if len(text) == 2 or text == "cnn":
            assert (text, hits) == (text, codes)
        by_name = await found(visitor, text, ProductSort.NEWEST)
        assert (text, sorted(by_name)) == (text, sorted(codes))
    # Staff see what is not on sale behind what is.
    assert await found(ctx, "牛奶") == ["P2", "P3", "P1", "P4", "P6"]


async def test_what_sells_comes_before_what_does_not(ctx: Context) -> None:
    await put(
        ctx, a_product("A", "绿茶一"), a_product("B", "绿茶二"), a_product("C", "绿茶三四五六")
    )
    assert await found(ctx, "绿茶") == ["A", "B", "C"]
    sold = {each.sku: each.id for each in await Variant.all()}
    await count_sales(ctx, {sold["B"]: 5, sold["C"]: 900})
    await indexing.rank_sales(ctx)
    assert await found(ctx, "绿茶") == ["B", "A", "C"]
    await count_sales(ctx, {sold["A"]: 9})
    await indexing.rank_sales(ctx)
    assert await found(ctx, "绿茶") == ["A", "B", "C"]
    kept = await fetch("SELECT term, rank, product_id FROM search_term ORDER BY 3, 1")
    await execute("DELETE FROM search_term")
    await indexing.ensure_index()
    assert await fetch("SELECT term, rank, product_id FROM search_term ORDER BY 3, 1") == kept
    await put(ctx, a_product("A", "绿茶一", status=ProductStatus.ARCHIVED))
    assert await found(a_visitor(ctx), "绿茶") == ["B", "C"]
    assert await found(ctx, "绿茶") == ["B", "C", "A"]


async def test_each_merchant_searches_its_own(ctx: Context) -> None:
    other = erp_of(ctx, await a_merchant("M2"))
    await put(ctx, a_product("A", "绿茶"))
    await put(other, a_product("A", "绿茶"), a_product("B", "绿茶糕"))
    assert await found(ctx, "绿茶") == ["A"]
    assert await found(other, "lc") == ["A", "B"]
    assert await Product.all().count() == 3


async def test_filters_and_searches_hold_together(ctx: Context) -> None:
    await put(ctx, *MILK[:3], a_product("T", "牛奶茶", tags=["新"], price="99"))
    given: dict[str, Any]
    for given in ({"tags": ("新",)}, {"price_from": Decimal(50)}):
        query = ProductQuery(search="牛奶", **given)
        page = await listing.page(ctx, query, None, PageRequest())
        assert [each.code for each in page.rows] == ["T"]
        assert await listing.count(ctx, query) == 1
