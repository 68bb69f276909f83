"""How lists of stock levels are read: goods and places lead, so that no page reads all levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from models.accounts.roles import Role
from models.catalog.classification import Brand, Category
from models.catalog.products import Product, Variant
from models.database import is_postgres, records
from models.stock.levels import StockLevel
from models.stores.coordinates import Point
from models.stores.locations import Location
from resolvers import sql_pagination
from resolvers.context import Actor, Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock import level_goods, level_lists, level_orders
from resolvers.stock.level_filters import LevelFilter, LevelSort
from tests.make.sales import staff_at
from tests.make.statements import counting
from tests.make.stock import a_level, a_location

HERE = Point(41.8, 123.4)


def public(ctx: Context) -> Context:
    return replace(ctx, actor=Actor(), memory={})


async def listed(ctx: Context, wanted: LevelFilter, **asked: Any) -> list[int]:
    """The whole list, walked a level at a time to its end, and the same back."""
    sort, near = asked.get("sort"), asked.get("near")
    found: list[int] = []
    request = PageRequest(first=1)
    while True:
        page = await level_lists.page(replace(ctx, memory={}), wanted, request, sort, near)
        found += [level.id for level in page.rows]
        if not page.has_next:
            break
        request = PageRequest(first=1, after=page.cursors[-1])
    last = PageRequest(last=100)
    back = await level_lists.page(replace(ctx, memory={}), wanted, last, sort, near)
    assert [level.id for level in back.rows] == found
    return found


async def of_brand(code: str, *levels: StockLevel) -> None:
    """Let the products of these levels be of a new brand and a new category of the same code."""
    merchant = (await Location.get(id=levels[0].location_id)).merchant_id
    brand = await Brand.create(code=code, name=code, merchant_id=merchant)
    category = await Category.create(code=code, name=code, merchant_id=merchant)
    variants = Variant.filter(id__in=[level.variant_id for level in levels])
    ids = await variants.values_list("product_id", flat=True)
    await Product.filter(id__in=ids).update(brand_id=brand.id, category_id=category.id)


@pytest.mark.parametrize(
    "wanted",
    [
        LevelFilter(brand_code="NONE"),
        LevelFilter(category_code="NONE"),
        LevelFilter(search="nothing has this"),
        LevelFilter(brand_code="SOME", search="nothing has this"),
    ],
)
async def test_where_no_goods_are_found_no_level_is_asked_for(
    ctx: Context, wanted: LevelFilter
) -> None:
    await of_brand("SOME", await a_level(ctx, 9))
    for who in (ctx, public(ctx)):
        with counting() as statements:
            page = await level_lists.page(who, wanted, PageRequest())
            tally = await level_lists.tally(who, wanted)
            assert await tally.totals([None]) == {None: 0}
            assert (await tally.sums([None]))[None].levels == 0
        assert page.rows == []
        assert not page.has_next
        assert not [each for each in statements if "stock_level" in each]


@pytest.mark.parametrize("most", [0, 5_000])
async def test_goods_that_lead_and_goods_that_are_looked_up_list_the_same(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(level_goods, "LED_BY_GOODS", most)
    levels = [await a_level(ctx, 9) for _ in range(4)]
    await of_brand("SOME", *levels[1:3])
    for wanted in (LevelFilter(brand_code="SOME"), LevelFilter(category_code="SOME")):
        assert await listed(public(ctx), wanted) == [level.id for level in levels[1:3]]
        tally = await level_lists.tally(public(ctx), wanted)
        assert await tally.totals([None]) == {None: 2}


@pytest.mark.parametrize("few", [0, 200])
async def test_by_distance_both_ways_list_the_same(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(level_orders, "FEW", few)
    levels = []
    for latitude in (42.0, 41.9, 41.8):
        place = await a_location(ctx, latitude_wgs84=latitude, longitude_wgs84=123.4)
        levels += [await a_level(ctx, 9, location=place) for _ in range(2)]
    await of_brand("SOME", levels[0], levels[3], levels[4])
    far = {"sort": LevelSort.DISTANCE, "near": HERE}
    nearest = [levels[at].id for at in (4, 5, 2, 3, 0, 1)]
    assert await listed(public(ctx), LevelFilter(), **far) == nearest
    some = [levels[at].id for at in (4, 3, 0)]
    assert await listed(public(ctx), LevelFilter(brand_code="SOME"), **far) == some


async def test_a_page_reads_a_few_levels_of_each_that_leads(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await a_location(ctx, latitude_wgs84=42.0, longitude_wgs84=123.4)
    await of_brand("SOME", await a_level(ctx, 9, location=place))
    read: list[tuple[str, Sequence[Any]]] = []

    async def noted(query: str, *values: Any) -> Any:
        read.append((query, values))
        return await records(query, *values)

    monkeypatch.setattr(sql_pagination, "records", noted)
    request, some = PageRequest(first=1), LevelFilter(brand_code="SOME")
    await level_lists.page(public(ctx), some, request)
    await level_lists.page(public(ctx), LevelFilter(), request, LevelSort.DISTANCE, HERE)
    for (query, values), leads in zip(read, ("variant_id=?", "location_id=?"), strict=True):
        assert query.count("LIMIT 2") == 2  # of each that leads, and of all
        if not is_postgres():
            plan = [row["detail"] for row in await records(f"EXPLAIN QUERY PLAN {query}", *values)]
            assert [step for step in plan if step.startswith("SEARCH l") and leads in step]
            assert not [step for step in plan if step.startswith("SCAN l ")]


async def test_cover_adds_up_the_sales_of_the_callers_places_only(ctx: Context) -> None:
    own, _ = await a_level(ctx, 9), await a_level(ctx, 9)
    place = await Location.get(id=own.location_id).prefetch_related("organisation")
    cashier = staff_at(ctx, place.organisation_id, place.organisation.path, Role.CASHIER)
    order = await level_orders.order_of(cashier, LevelFilter(), LevelSort.COVER_ASC)
    assert "m.location_id" in order.source.partition("WHERE")[2].partition("GROUP BY")[0]
    assert order.values[-1] in ((own.location_id,), f"[{own.location_id}]")
    page = await level_lists.page(cashier, LevelFilter(), PageRequest(), LevelSort.COVER_ASC)
    assert [level.id for level in page.rows] == [own.id]


async def test_counts_join_no_place_to_each_level(ctx: Context) -> None:
    await a_level(ctx, 9)
    with counting() as statements:
        tally = await level_lists.tally(ctx, LevelFilter(unsold_days=1))
        await tally.totals([None])
        await tally.sums([None])
    counted = [each for each in statements if "FROM stock_level l WHERE" in each]
    assert len(counted) == 2, statements
