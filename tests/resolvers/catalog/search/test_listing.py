from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.accounts.channels import Channel
from models.accounts.roles import Role
from models.catalog.products import Product, ProductStatus, Variant
from models.catalog.search import normalise
from models.database import fetch, is_postgres
from models.errors import InvalidInput
from models.stock.holds import StockHold
from resolvers import sql_pagination
from resolvers.bulk_rows import OnError
from resolvers.catalog.products import products, variants
from resolvers.catalog.products.products import count_sales
from resolvers.catalog.products.upsert import upsert
from resolvers.catalog.search import listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.catalog.search.listing import ProductSort
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from tests.make.chain import product_rows
from tests.make.goods import (
    a_gtin,
    a_merchant,
    a_product,
    a_variant,
    a_visitor,
    erp_of,
    pieces,
    put,
)
from tests.make.stock import a_location

EVERYTHING = PageRequest(first=250)


async def found(ctx: Context, sort: ProductSort | None = None, **query: Any) -> list[str]:
    page = await listing.page(ctx, ProductQuery(**query), sort, EVERYTHING)
    assert await listing.count(ctx, ProductQuery(**query)) == len(page.rows)
    return [each.code for each in page.rows]


async def test_every_sort_puts_rows_in_its_order(ctx: Context) -> None:
    await put(ctx, a_product("A", "丙", price="2"), a_product("B", "乙", price="3"))
    await put(ctx, a_product("C", "甲", price="1"))
    sold = {each.sku: each.id for each in await Variant.all()}
    await count_sales(ctx, {sold["B"]: 5, sold["A"]: 2})
    assert await found(ctx) == ["C", "B", "A"]
    assert await found(ctx, ProductSort.NEWEST) == ["C", "B", "A"]
    assert await found(ctx, ProductSort.PRICE_ASC) == ["C", "A", "B"]
    assert await found(ctx, ProductSort.PRICE_DESC) == ["B", "A", "C"]
    assert await found(ctx, ProductSort.BEST_SELLING) == ["B", "A", "C"]
    by_name = await found(ctx, ProductSort.NAME)
    assert sorted(by_name) == ["A", "B", "C"]


@pytest.mark.parametrize("sort", list(ProductSort))
@pytest.mark.parametrize("search", [None, "罐头"])
async def test_pages_in_both_directions_hold_each_row_once(
    ctx: Context, sort: ProductSort, search: str | None
) -> None:
    prices = ["1", "2", "2", "2", "3", "1", "3"]
    rows = [a_product(f"P{n}", f"罐头{n % 3}", price=price) for n, price in enumerate(prices)]
    await put(ctx, *rows)
    query = ProductQuery(search=search)
    whole = (await listing.page(ctx, query, sort, EVERYTHING)).rows
    assert len(whole) == 7
    walked, after = [], None
    while True:
        page = await listing.page(ctx, query, sort, PageRequest(first=3, after=after))
        assert page.has_previous == (after is not None)
        walked += page.rows
        after = page.cursors[-1]
        if not page.has_next:
            break
    assert [each.id for each in walked] == [each.id for each in whole]
    back = await listing.page(ctx, query, sort, PageRequest(last=3, before=after))
    assert [each.id for each in back.rows] == [each.id for each in whole[3:6]]
    assert (back.has_next, back.has_previous) == (True, True)


async def test_a_cursor_of_another_list_is_refused(ctx: Context) -> None:
    await put(ctx, *(a_product(f"P{n}") for n in range(3)))
    page = await listing.page(ctx, ProductQuery(), None, PageRequest(first=1))
    for cursor, sort in ((page.cursors[0], ProductSort.NAME), ("bm9uc2Vuc2U", None)):
        with pytest.raises(InvalidInput):
            await listing.page(ctx, ProductQuery(), sort, PageRequest(first=1, after=cursor))


async def test_filters_cut_to_what_they_say(ctx: Context) -> None:
    await put(
        ctx,
        a_product("A", category_code="MILK", category_parent_code="FOOD", tags=["新"], price="5"),
        a_product("B", category_code="FOOD", brand_code="B1", tags=["新", "惠"], price="10.50"),
        a_product("C", variants=[a_variant("C1", "1"), a_variant("C2", "100")]),
    )
    assert await found(ctx, category_code="FOOD") == ["B", "A"]
    assert await found(ctx, category_code="MILK") == ["A"]
    assert await found(ctx, category_code="NONE") == []
    assert await found(ctx, brand_code="B1") == ["B"]
    assert await found(ctx, tags=("新",)) == ["B", "A"]
    assert await found(ctx, tags=("新", "惠")) == ["B"]
    assert await found(ctx, price_from=Decimal("5.01")) == ["C", "B"]
    assert await found(ctx, price_from=Decimal(5), price_to=Decimal("10.5")) == ["B", "A"]
    assert await found(ctx, price_from=Decimal(20), price_to=Decimal(50)) == []
    assert await found(ctx, category_code="x\0", tags=("\0",), search="\0") == []


@pytest.mark.parametrize(
    "query",
    [
        {"search": "x" * 101},
        {"price_from": Decimal("0.001")},
        {"price_to": Decimal("1e20")},
        {"tags": tuple(map(str, range(21)))},
    ],
    ids=lambda query: next(iter(query)),
)
async def test_senseless_filters_are_refused(ctx: Context, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await listing.page(ctx, ProductQuery(**query), None, EVERYTHING)


async def test_only_who_may_read_the_catalogue_sees_what_is_not_on_sale(ctx: Context) -> None:
    await put(ctx, *(a_product(str(each), status=each) for each in ProductStatus))
    ids = {each.code: each.id for each in await Product.all()}
    variant_ids = {each.sku: each.id for each in await Variant.all()}
    visitor = a_visitor(ctx)
    assert await found(visitor) == ["ACTIVE"]
    assert await found(visitor, status=ProductStatus.DRAFT) == []
    assert await found(ctx, status=ProductStatus.DRAFT) == ["DRAFT"]
    assert len(await found(ctx)) == 3
    assert await products.find(visitor, code="DRAFT") is None
    assert await products.find(visitor, product_id=ids["ARCHIVED"]) is None
    assert await variants.by_sku(visitor, "DRAFT") is None
    assert (await products.find(ctx, code="DRAFT")) is not None
    seen = await variants.visible_by_ids(visitor, list(variant_ids.values()))
    assert set(seen) == {variant_ids["ACTIVE"], variant_ids["ARCHIVED"]}


async def test_staff_of_one_merchant_do_not_see_anothers_drafts(ctx: Context) -> None:
    ours, theirs = await a_merchant("OURS"), await a_merchant("THEIRS")
    erp = erp_of(ctx, ours)
    await put(erp, a_product("P1", status=ProductStatus.DRAFT))
    stranger = replace(erp_of(ctx, theirs), merchant_id=ours.id)
    assert await found(stranger) == []
    assert await products.find(stranger, code="P1") is None
    assert await found(erp_of(ctx, ours, Role.MERCHANDISER)) == ["P1"]
    assert await found(erp_of(ctx, theirs)) == []


async def test_stock_filters_count_what_the_channel_may_buy_now(ctx: Context) -> None:
    await put(ctx, *(a_product(code) for code in "ABCD"))
    ids = {each.sku: each.id for each in await Variant.all()}
    here, closed = await a_location(ctx), await a_location(ctx, active=False)
    await pieces(ids["A"], here.id, 2)
    await pieces(ids["B"], here.id, 2, safety_stock=2)
    await pieces(ids["C"], closed.id, 9)
    held = await pieces(ids["D"], here.id, 0, held=1)
    assert await found(ctx, in_stock_only=True) == ["A"]
    counter = replace(ctx, channel=Channel.STORE)
    assert await found(counter, in_stock_only=True) == ["B", "A"]
    assert await found(ctx, sold_at_store_id=here.id) == ["D", "B", "A"]
    assert await found(ctx, sold_at_store_id=here.id, in_stock_only=True) == ["A"]
    assert await found(ctx, sold_at_store_id=here.id + 100) == []
    past = ctx.now() - timedelta(seconds=1)
    await StockHold.create(
        level_id=held.id, order_id=1, fulfilment_id=1, quantity=1, expires_at=past
    )
    assert await found(ctx, in_stock_only=True) == ["D", "A"]


async def test_the_best_hit_comes_first(ctx: Context) -> None:
    names = ["大瓶黄桃罐头", "黄桃罐头礼盒", "黄桃罐头", "罐头黄桃", "新鲜黄桃罐头", "黄桃汁"]
    await put(ctx, *(a_product(f"P{n}", name) for n, name in enumerate(names)))
    assert await found(ctx, search="黄桃罐头") == ["P2", "P1", "P0", "P4"]
    assert set(await found(ctx, search="黄桃 罐头")) == {"P0", "P1", "P2", "P3", "P4"}


async def test_a_code_a_sku_and_a_barcode_find_their_product(ctx: Context) -> None:
    gtin = a_gtin(7)
    await put(
        ctx, a_product("CODE-1", variants=[a_variant("SKU-9", gtins=[gtin])]), a_product("P2")
    )
    for text in ("CODE-1", "code-1", "SKU-9", gtin, f"0{gtin}"):
        assert await found(ctx, search=text) == ["CODE-1"], text
    assert await found(ctx, search=gtin[:-1] + "x") == []
    assert (await variants.by_gtin(ctx, gtin)).sku == "SKU-9"  # type: ignore[union-attr]
    assert await variants.by_gtin(ctx, "no barcode") is None


async def test_search_agrees_with_looking_into_every_name(ctx: Context) -> None:
    rows = product_rows()[:500]
    drafts = [a_product(row["code"], row["name"]) for row in rows]
    await upsert(ctx, drafts, OnError.SKIP_FAILED)
    names = {row["code"]: row["name"] for row in rows}
    cuts = [(start, start + size) for start in (0, 2) for size in (1, 2, 3, 5)]
    words = {name[start:end] for name in list(names.values())[::29] for start, end in cuts}
    for word in sorted(word for word in words if normalise(word)):
        wanted = {
            code
            for code, name in names.items()
            if all(part in normalise(name) for part in map(normalise, word.split()))
        }
        assert await listing.count(ctx, ProductQuery(search=word)) == len(wanted), word
        page = await listing.page(ctx, ProductQuery(search=word), None, EVERYTHING)
        assert {each.code for each in page.rows} <= wanted


@pytest.mark.parametrize("search", [None, "商品"])
async def test_a_page_costs_the_same_statements_however_long(
    ctx: Context, count_statements: Callable[[], Any], search: str | None
) -> None:
    await put(ctx, *(a_product(f"P{n:02}") for n in range(30)))
    counts = []
    for size in (3, 30):
        with count_statements() as statements:
            query = ProductQuery(search=search)
            page = await listing.page(ctx, query, None, PageRequest(first=size))
        assert len(page.rows) == size
        counts.append(len(statements))
    assert counts == [1, 1]


@pytest.mark.parametrize(
    "query",
    [
        {"in_stock_only": True},
        {"in_stock_only": True, "sold_at_store_id": 1},
        {"price_from": Decimal(5), "price_to": Decimal(6)},
        {"brand_code": "B"},
        {"carried_at_id": 1},
    ],
    ids=str,
)
async def test_sqlite_reads_a_page_in_its_order_and_stops_when_it_is_full(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any]
) -> None:
    if is_postgres():
        pytest.skip("PostgreSQL plans by its statistics")
    sent: list[tuple[str, tuple[Any, ...]]] = []

    async def records(statement: str, *values: Any) -> list[Any]:
        sent.append((statement, values))
        return []

    monkeypatch.setattr(sql_pagination, "records", records)
    await listing.page(a_visitor(ctx), ProductQuery(**query), None, PageRequest())
    ((statement, values),) = sent
    inner = statement[statement.index("FROM (") + 6 : statement.index(") AS page")]
    plan = [row["detail"] for row in await fetch(f"EXPLAIN QUERY PLAN {inner}", *values)]
    assert plan[0].startswith("SEARCH p USING"), plan
    assert not any("TEMP B-TREE" in step or "lowest_price" in step for step in plan), plan
    levels = [step for step in plan if step.startswith("SEARCH l ")]
    assert all("variant_id=?" in step for step in levels), plan
    assert bool(levels) is ("in_stock_only" in query)
