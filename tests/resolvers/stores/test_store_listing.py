from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.accounts.channels import Channel
from models.catalog.products import Variant
from models.errors import InvalidInput
from models.stock.holds import StockHold
from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.distance import geodesic_metres, nearest
from models.stores.hours import Weekday
from models.stores.locations import Location, LocationKind, StoreService
from resolvers.context import Context
from resolvers.orders.routing import candidates as routing_candidates
from resolvers.orm_pagination import PageRequest
from resolvers.sql_pagination import Conditions
from resolvers.stores import listing, locations, nearby
from resolvers.stores.addresses import AddressDraft
from resolvers.stores.drafts import HoursDraft
from resolvers.stores.filters import StoreQuery
from tests.make.chain import store_rows
from tests.make.goods import a_merchant, a_product, a_store, erp_of, open_stores, pieces, put

SHENYANG = Point(41.8, 123.4, CoordinateSystem.GCJ02)
ALL = PageRequest(first=250)


async def found(ctx: Context, **query: Any) -> list[str]:
    page = await listing.page(ctx, StoreQuery(**query), ALL)
    assert await listing.count(ctx, StoreQuery(**query)) == len(page.found)
    return [each.row.code for each in page.found]


async def open_chain(ctx: Context) -> None:
    rows = store_rows()
    await open_stores(
        ctx,
        *(
            a_store(
                row["code"],
                (row["position"]["latitude"], row["position"]["longitude"]),
                name=row["name"],
            )
            for row in rows
        ),
    )


def by_brute_force(stores: list[Location], origin: Point) -> list[tuple[float, str]]:
    place = convert(origin, CoordinateSystem.WGS84)
    return sorted(
        (
            geodesic_metres(
                place.latitude,
                place.longitude,
                each.latitude_wgs84 or 0,
                each.longitude_wgs84 or 0,
            ),
            each.code,
        )
        for each in stores
    )


@pytest.mark.parametrize("origin", [SHENYANG, Point(45.75, 126.63), Point(-33.9, 18.4)])
async def test_pages_by_distance_equal_brute_force(ctx: Context, origin: Point) -> None:
    await open_chain(ctx)
    wanted = by_brute_force(await Location.all(), origin)
    walked: list[tuple[float, str]] = []
    after = None
    while True:
        request = PageRequest(first=40, after=after)
        page = await listing.page(ctx, StoreQuery(near=origin), request)
        walked += [(each.distance_metres or 0.0, each.row.code) for each in page.found]
        after = page.cursors[-1]
        if not page.has_next:
            break
    assert walked == wanted


degrees = st.tuples(
    st.floats(-90, 90) | st.sampled_from([90.0, -90.0, 0.0]),
    st.floats(-180, 180) | st.sampled_from([180.0, -180.0, 179.9999]),
)


@given(st.lists(degrees, min_size=1, max_size=30), degrees, st.integers(1, 8))
async def test_the_walk_equals_brute_force_anywhere_on_earth(
    places: list[tuple[float, float]], origin: tuple[float, float], limit: int
) -> None:
    """Without a database: the candidates are cut as the index would cut them."""
    rows = [(n, f"S{n:02}", *place) for n, place in enumerate(places)]
    point = Point(*origin)

    async def cut(conditions: Conditions, place: Point, radius: float) -> list[Any]:
        boxes = nearby.bounding_boxes(place, radius)
        return [
            row
            for row in rows
            if any(b.south <= row[2] <= b.north and b.west <= row[3] <= b.east for b in boxes)
        ]

    async def keep(candidates: list[Any]) -> list[Any]:
        return candidates

    walked: list[tuple[float, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearby, "candidates_in", cut)
        while True:
            page = await nearby.walk(
                point,
                Conditions(),
                after=walked[-1] if walked else None,
                limit=limit,
                within_metres=None,
                keep=keep,
            )
            walked += [(each.distance_metres, each.code) for each in page]
            if len(page) < limit:
                break
    wanted = nearest(point, rows, len(rows))
    assert walked == [(each.distance_metres, each.code) for each in wanted]


async def test_a_walk_begins_as_wide_as_one_like_it_had_to_go(
    ctx: Context, count_statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearby, "habits", {})
    around = [(41.8 + n * 0.05, 123.4) for n in range(4)]
    await open_stores(ctx, *(a_store(f"S{n}", place) for n, place in enumerate(around)))
    near, two, boxes = StoreQuery(near=Point(*around[0])), PageRequest(first=2), list[int]()
    for _ in range(3):
        with count_statements() as statements:
            page = await listing.page(ctx, near, two)
        assert [each.row.code for each in page.found] == ["S0", "S1"]
        boxes.append(sum("BETWEEN" in each for each in statements))
    assert boxes == [3, 1, 1]


async def test_equally_far_the_lower_code_comes_first(ctx: Context) -> None:
    await open_stores(ctx, *(a_store(code, (41.8, 123.4)) for code in ("C", "A", "B")))
    assert await found(ctx, near=Point(41.8, 123.4)) == ["A", "B", "C"]
    first = await listing.page(ctx, StoreQuery(near=SHENYANG), PageRequest(first=2))
    rest = await listing.page(
        ctx, StoreQuery(near=SHENYANG), PageRequest(first=2, after=first.cursors[-1])
    )
    assert [each.row.code for each in (*first.found, *rest.found)] == ["A", "B", "C"]
    assert (first.has_next, rest.has_next, rest.has_previous) == (True, False, True)


async def test_without_a_point_stores_come_by_code_in_pages(ctx: Context) -> None:
    await open_stores(ctx, *(a_store(code) for code in ("B", "A", "D", "C")))
    first = await listing.page(ctx, StoreQuery(), PageRequest(first=3))
    assert [each.row.code for each in first.found] == ["A", "B", "C"]
    assert {each.distance_metres for each in first.found} == {None}
    rest = await listing.page(ctx, StoreQuery(), PageRequest(first=3, after=first.cursors[-1]))
    assert [each.row.code for each in rest.found] == ["D"]


async def test_only_the_merchants_own_active_stores_are_listed(ctx: Context) -> None:
    merchant = await a_merchant("OTHER")
    await open_stores(erp_of(ctx, merchant), a_store("X1"))
    home = replace(ctx, merchant_id=(await a_merchant("HOME")).id)
    await open_stores(
        home,
        a_store("S1"),
        a_store("S2", active=False),
        a_store("W1", kind=LocationKind.WAREHOUSE),
    )
    assert await found(home) == ["S1"]
    assert (await locations.store(home, None, "S2")) is not None
    assert await locations.store(home, None, "W1") is None
    assert await locations.store(home, None, "X1") is None
    assert await locations.store(home, None, "\0") is None


async def test_filters_cut_to_what_they_say(ctx: Context) -> None:
    monday = datetime(2026, 1, 5, 4, tzinfo=UTC)  # noon in Shanghai
    await open_stores(
        ctx,
        a_store("A1", (41.8, 123.4), services=[StoreService.PICKUP, StoreService.RETURNS]),
        a_store(
            "B2",
            (41.81, 123.4),
            name="中街店",
            address=AddressDraft(street="辽河大街84号", city="新民市"),
            hours=[HoursDraft(Weekday.MONDAY, "09:00", "13:00")],
        ),
        a_store("C3", (42.8, 123.4), hours=[HoursDraft(Weekday.TUESDAY, "09:00", "13:00")]),
        a_store("D4"),
    )
    near = Point(41.8, 123.4)
    assert await found(ctx, search="中街") == ["B2"]
    assert await found(ctx, search="b2") == ["B2"]
    assert await found(ctx, search="太原街 2") == ["A1", "C3", "D4"]
    assert await found(ctx, search="street") == []
    assert await found(ctx, search="!") == []
    assert await found(ctx, services=(StoreService.RETURNS, StoreService.PICKUP)) == ["A1"]
    assert await found(ctx, city_name="新民") == await found(ctx, city_name="新民市") == ["B2"]
    assert await found(ctx, open_at=monday) == ["A1", "B2", "D4"]
    assert await found(ctx, open_at=monday, near=near) == ["A1", "B2"]
    assert await found(ctx, near=near) == ["A1", "B2", "C3"]
    assert await found(ctx, near=near, within_metres=1_200) == ["A1", "B2"]
    assert await found(ctx, near=near, within_metres=0) == ["A1"]


@pytest.mark.parametrize(
    "query",
    [
        {"within_metres": 5},
        {"within_metres": -1, "near": SHENYANG},
        {"carrying": ((1, 0),)},
        {"carrying": tuple((n, 1) for n in range(51))},
        {"search": "x" * 101},
    ],
)
async def test_senseless_filters_are_refused(ctx: Context, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await listing.page(ctx, StoreQuery(**query), ALL)


@pytest.mark.parametrize("year", [1, 9999])
async def test_a_moment_outside_the_calendar_is_refused(ctx: Context, year: int) -> None:
    await open_stores(ctx, a_store("S1", hours=[HoursDraft(Weekday.MONDAY, "09:00", "13:00")]))
    with pytest.raises(InvalidInput):
        await listing.page(ctx, StoreQuery(open_at=datetime(year, 1, 1, tzinfo=UTC)), ALL)


@pytest.mark.parametrize("key", [[1.5], ["x", "y"], [1.5, "S1", 2], [1, "S1"]])
async def test_a_forged_cursor_is_refused(ctx: Context, key: list[Any]) -> None:
    from resolvers.orm_pagination import cursor_of

    query = StoreQuery(near=SHENYANG)
    cursor = cursor_of(key, f"stores {ctx.merchant_id} {query}")
    with pytest.raises(InvalidInput):
        await listing.page(ctx, query, PageRequest(after=cursor))


async def test_carrying_means_every_piece_of_it_sellable_now(ctx: Context) -> None:
    await put(ctx, a_product("P1"), a_product("P2"))
    await open_stores(ctx, *(a_store(code) for code in "ABCD"))
    variants = {each.sku: each.id for each in await Variant.all()}
    stores = {each.code: each.id for each in await Location.all()}
    one, two = variants["P1"], variants["P2"]
    await pieces(one, stores["A"], 5)
    await pieces(two, stores["A"], 1)
    await pieces(one, stores["B"], 5, safety_stock=4)
    await pieces(two, stores["B"], 9)
    level = await pieces(one, stores["C"], 1, held=2)
    await pieces(one, stores["D"], 2, held=2)
    past, later = ctx.now() - timedelta(seconds=1), ctx.now() + timedelta(hours=1)
    hold = {"order_id": 1, "fulfilment_id": 1, "quantity": 1}
    await StockHold.create(level_id=level.id, expires_at=past, **hold)
    await StockHold.create(level_id=level.id, expires_at=later, **hold)
    assert await found(ctx, carrying=((one, 2),)) == ["A", "C", "D"]
    assert await found(ctx, carrying=((one, 1), (one, 1))) == ["A", "C", "D"]
    assert await found(ctx, carrying=((one, 3),)) == ["A"]
    assert await found(ctx, carrying=((one, 1), (two, 1))) == ["A", "B"]
    counter = replace(ctx, channel=Channel.STORE)
    assert await found(counter, carrying=((one, 5),)) == ["A", "B"]


async def test_what_lies_within_reach_is_told_with_its_distance(ctx: Context) -> None:
    await open_stores(
        ctx,
        a_store("NEAR", (41.8, 123.4)),
        a_store("FAR", (41.9, 123.4)),
        a_store("HOUSE", (41.81, 123.4), kind=LocationKind.WAREHOUSE),
        a_store("SHUT", (41.8, 123.4), active=False),
        a_store("NOWHERE"),
    )
    point = Point(41.8, 123.4)
    every = {
        each.code: each.metres for each in await routing_candidates.within(ctx, [1], point, None)
    }
    assert sorted(every, key=lambda code: every[code] or 0) == ["NEAR", "HOUSE", "FAR"]
    assert (every["NEAR"], round(every["HOUSE"] or 0, -2)) == (0, 1100)
    assert {each.code for each in await routing_candidates.within(ctx, [1], point, 5_000)} == {
        "NEAR",
        "HOUSE",
    }
    assert [each.code for each in await routing_candidates.without_position(ctx, [1])] == [
        "NOWHERE"
    ]
