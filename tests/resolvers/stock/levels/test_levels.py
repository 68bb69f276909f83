from __future__ import annotations

from dataclasses import replace

import pytest
from geopy.distance import geodesic

from models.accounts.channels import Channel
from models.accounts.roles import Permission
from models.errors import InvalidInput
from models.stock.levels import StockLevel
from models.stock.rules import Quantities
from models.stores.coordinates import CoordinateSystem, Point
from models.stores.locations import Location
from models.tables.columns import moment
from resolvers.context import Actor, Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock import level_lists
from resolvers.stock.level_filters import LevelFilter
from resolvers.stock.levels import availability, by_variant, levels
from tests.make.holds import hold, later, of
from tests.make.statements import counting
from tests.make.stock import a_level, a_location, a_variant, actor_at

HERE = Point(41.80, 123.43, CoordinateSystem.WGS84)


def public(ctx: Context, channel: Channel = Channel.PC) -> Context:
    return replace(ctx, actor=Actor(), channel=channel)


async def seen(ctx: Context, level: StockLevel) -> levels.Level:
    return (await levels.by_ids(ctx, [level.id]))[level.id]


async def test_those_who_read_stock_see_every_state(ctx: Context) -> None:
    level = await a_level(ctx, 9, safety_stock=2)
    await hold(ctx, 1, of(level, 3))
    found = await seen(ctx, level)
    assert (found.quantities, found.safety_stock) == (Quantities(available=6, held=3), 2)
    assert moment(found.updated_at).tzinfo is not None
    assert moment(found.updated_at) >= level.created_at


async def test_the_public_sees_what_its_channel_may_buy_and_the_sum_still_holds(
    ctx: Context,
) -> None:
    level = await a_level(ctx, 9, safety_stock=2)
    await hold(ctx, 1, of(level, 3))
    online = await seen(public(ctx, Channel.APP), level)
    counter = await seen(public(ctx, Channel.STORE), level)
    assert (online.quantities, online.safety_stock) == (Quantities(available=4), 0)
    assert counter.quantities == Quantities(available=6)
    assert online.quantities.on_hand == 4


async def test_expired_holds_count_as_available_for_everybody(ctx: Context) -> None:
    level = await a_level(ctx, 9)
    await hold(ctx, 1, of(level, 3))
    after = later(ctx, 15)
    assert (await seen(after, level)).quantities == Quantities(available=9)
    assert (await seen(public(after), level)).quantities == Quantities(available=9)


async def test_the_right_to_read_holds_only_in_its_territory(ctx: Context) -> None:
    mine, other = await a_level(ctx, 9, safety_stock=1), await a_level(ctx, 9, safety_stock=1)
    await mine.fetch_related("location")
    reader = replace(ctx, actor=await actor_at(mine.location, Permission.STOCK_READ))
    assert (await seen(reader, mine)).quantities.available == 9
    assert (await seen(reader, other)).quantities.available == 8


async def test_a_closed_place_is_seen_by_those_who_read_its_stock_only(ctx: Context) -> None:
    level = await a_level(ctx, 9)
    await Location.filter(id=level.location_id).update(active=False)
    assert await levels.by_ids(public(ctx), [level.id]) == {}
    assert (await seen(ctx, level)).quantities.available == 9
    assert await availability.of_variants(ctx, [level.variant_id]) == {level.variant_id: 0}
    key = (level.variant_id, level.location_id)
    assert await availability.at_locations(ctx, key[:1], key[1:], counter=True) == {key: 0}


async def test_availability_adds_up_what_each_place_may_sell(ctx: Context) -> None:
    variant = await a_variant(ctx)
    levels_of_it = [
        await a_level(ctx, count, variant=variant, safety_stock=3) for count in (2, 5, 9)
    ]
    assert await availability.of_variants(ctx, [variant.id, 999]) == {variant.id: 8, 999: 0}
    counter = replace(ctx, channel=Channel.STORE)
    assert await availability.of_variants(counter, [variant.id]) == {variant.id: 16}
    places = [level.location_id for level in levels_of_it]
    for at_counter, expected in ((False, [0, 2, 6]), (True, [2, 5, 9])):
        found = await availability.at_locations(ctx, [variant.id], places, counter=at_counter)
        assert [found[variant.id, place] for place in places] == expected


async def test_availability_takes_one_statement(ctx: Context) -> None:
    variants = [(await a_level(ctx, 1)).variant_id for _ in range(5)]
    with counting() as statements:
        await availability.of_variants(ctx, variants)
        await availability.at_locations(ctx, variants, variants, counter=False)
    assert len(statements) == 2, statements


async def test_pages_of_levels_follow_each_other_and_stay_with_their_merchant(ctx: Context) -> None:
    variant = await a_variant(ctx)
    made = [await a_level(ctx, 1, variant=variant) for _ in range(5)]
    await a_level(ctx, 1)
    first = await level_lists.page(ctx, LevelFilter(variant_id=variant.id), PageRequest(first=3))
    rest = await level_lists.page(
        ctx, LevelFilter(variant_id=variant.id), PageRequest(first=3, after=first.cursors[-1])
    )
    assert [each.id for each in (*first.rows, *rest.rows)] == [each.id for each in made]
    assert (first.has_next, rest.has_next) == (True, False)
    elsewhere = replace(ctx, merchant_id=-1)
    assert (await level_lists.page(elsewhere, LevelFilter(), PageRequest())).rows == []
    with pytest.raises(InvalidInput):
        await level_lists.page(ctx, LevelFilter(), PageRequest(after=first.cursors[-1]))


@pytest.mark.parametrize("asked", [1, 2])
async def test_variants_list_their_places_by_code_in_pages(ctx: Context, asked: int) -> None:
    places = [await a_location(ctx, code) for code in ("P3", "P1", "P2")]
    both = [await a_variant(ctx) for _ in range(2)]
    for variant in both:
        for place in places:
            await a_level(ctx, 1, variant=variant, location=place)
    ids = [variant.id for variant in both][:asked]
    with counting() as statements:
        found = await by_variant.of_variants(public(ctx), ids, None, PageRequest(first=2))
    assert len(statements) == 1, statements
    codes = {place.id: place.code for place in places}
    for variant_id, page in found.items():
        assert [codes[row.location_id] for row in page.rows] == ["P1", "P2"]
        assert {row.variant_id for row in page.rows} == {variant_id}
        assert page.has_next
    after = found[ids[0]].cursors[-1]
    rest = await by_variant.of_variants(public(ctx), ids, None, PageRequest(after=after))
    assert [len(page.rows) for page in rest.values()] == [1] * asked
    assert not rest[ids[-1]].has_next


async def test_the_nearest_places_come_first_as_brute_force_says(ctx: Context) -> None:
    points = [(41.9, 123.5), (41.81, 123.44), (-33.9, 151.2), (42.5, 124.0), (41.7, 123.1)]
    places = [
        await a_location(ctx, latitude_wgs84=latitude, longitude_wgs84=longitude)
        for latitude, longitude in points
    ]
    nowhere = await a_location(ctx)
    common, rare = await a_variant(ctx), await a_variant(ctx)
    for place in (*places, nowhere):
        await a_level(ctx, 1, variant=common, location=place)
    await a_level(ctx, 1, variant=rare, location=places[2])
    expected = sorted(
        (geodesic((HERE.latitude, HERE.longitude), point).m, place.id)
        for point, place in zip(points, places, strict=True)
    )
    walked: list[levels.Level] = []
    request = PageRequest(first=2)
    while True:
        found = await by_variant.of_variants(ctx, [common.id, rare.id], HERE, request)
        walked += found[common.id].rows
        if not found[common.id].has_next:
            break
        assert [row.location_id for row in found[rare.id].rows] == [places[2].id]
        request = PageRequest(first=2, after=found[common.id].cursors[-1])
    assert [row.location_id for row in walked] == [place_id for _, place_id in expected]
    for row, (metres, _) in zip(walked, expected, strict=True):
        assert row.distance_metres == pytest.approx(metres, abs=1)
