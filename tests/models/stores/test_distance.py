"""Nearest is what measuring every candidate by geodesic would find, and a box loses nobody."""

from __future__ import annotations

import math

import pytest
from geopy.distance import geodesic, great_circle
from hypothesis import example, given
from hypothesis import strategies as st

from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.distance import (
    Box,
    Ranked,
    bounding_boxes,
    geodesic_metres,
    haversine_metres,
    nearest,
)

SHENYANG = Point(41.8057, 123.4315)

latitudes = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 89.9999, 90.0]))
longitudes = st.one_of(
    st.floats(-180, 180), st.sampled_from([-180.0, -179.9999, 0.0, 179.9999, 180.0])
)
places = st.tuples(latitudes, longitudes)
# A small town, so that doubles and near ties are frequent.
town = st.tuples(
    st.integers(0, 4).map(lambda n: 41.8 + n / 1000),
    st.integers(0, 4).map(lambda n: 123.4 + n / 1000),
)


def brute_force(origin: Point, candidates, limit: int, within_metres: float = math.inf):
    ranked = sorted(
        (geodesic_metres(origin.latitude, origin.longitude, *row[2:]), row[1], row[0])
        for row in candidates
    )
    return [Ranked(key, code, m) for m, code, key in ranked if m <= within_metres][:limit]


@given(places, places)
@example((0.0, 0.0), (0.0, 0.0))
@example((41.8, 123.4), (41.8, 123.40001))
@example((0.0, 0.0), (0.3, 179.9))
@example((90.0, 0.0), (89.9, 120.0))
def test_a_geodesic_is_that_of_karney(one, other) -> None:
    metres = geodesic_metres(*one, *other)
    assert metres == pytest.approx(geodesic(one, other).meters, rel=0, abs=0.0006)


def numbered(points):
    """Candidates whose codes run against their keys, so that neither order hides the other."""
    return [
        (key, f"S{len(points) - key:03}", latitude, longitude)
        for key, (latitude, longitude) in enumerate(points)
    ]


@given(places, st.lists(places, max_size=30), st.integers(1, 8))
@example((0.0, 180.0), [(0.0, -180.0), (0.0, -179.9), (0.0, 179.9), (0.0, 0.0)], 2)
@example((90.0, 0.0), [(89.9, 0.0), (89.9, 180.0), (89.8, 90.0), (-90.0, 0.0)], 3)
@example((0.0, 0.0), [(0.0, 179.7), (0.3, 180.0), (-0.2, -179.9), (0.0, 180.0)], 1)
@example((0.0, 0.0), [(0.0, 1.0), (1.004, 0.0), (1.0, 0.0), (0.0, 0.995)], 1)
def test_nearest_on_earth_equals_brute_force(origin, points, limit) -> None:
    candidates = numbered(points)
    assert nearest(Point(*origin), candidates, limit) == brute_force(
        Point(*origin), candidates, limit
    )


@given(town, st.lists(town, max_size=40), st.integers(1, 12), st.floats(0, 800))
def test_nearest_in_town_equals_brute_force(origin, points, limit, within_metres) -> None:
    candidates = numbered(points)
    assert nearest(Point(*origin), candidates, limit, within_metres) == brute_force(
        Point(*origin), candidates, limit, within_metres
    )


@given(places, st.lists(places, max_size=20), st.integers(1, 5), st.floats(0, 2.1e7))
def test_nearest_within_any_reach_equals_brute_force(origin, points, limit, within_metres) -> None:
    candidates = numbered(points)
    assert nearest(Point(*origin), candidates, limit, within_metres) == brute_force(
        Point(*origin), candidates, limit, within_metres
    )


def test_haversine_alone_would_pick_the_wrong_one() -> None:
    east, north = (1, "EAST", 0.0, 1.0), (2, "NORTH", 1.0064, 0.0)
    origin = Point(0.0, 0.0)
    assert haversine_metres(0.0, 0.0, *east[2:]) < haversine_metres(0.0, 0.0, *north[2:])
    assert [row.code for row in nearest(origin, [east, north], 1)] == ["NORTH"]


def test_equally_near_the_lower_code_comes_first() -> None:
    twins = [(1, "DL009", 41.81, 123.44), (2, "DL002", 41.81, 123.44), (3, "DL005", 41.81, 123.44)]
    assert [row.code for row in nearest(SHENYANG, twins, 2)] == ["DL002", "DL005"]


def test_a_tie_is_decided_by_the_millimetre() -> None:
    almost = [(1, "B", 41.81, 123.44), (2, "A", 41.81 + 1e-10, 123.44)]
    assert [row.code for row in nearest(SHENYANG, almost, 1)] == ["A"]


def test_the_reach_is_inclusive() -> None:
    store = (1, "A", 41.81, 123.44)
    metres = geodesic_metres(SHENYANG.latitude, SHENYANG.longitude, 41.81, 123.44)
    assert nearest(SHENYANG, [store], 1, metres) == [Ranked(1, "A", metres)]
    assert nearest(SHENYANG, [store], 1, metres - 0.001) == []


def test_the_origin_may_come_in_any_system() -> None:
    store = (1, "A", SHENYANG.latitude, SHENYANG.longitude)
    for system in CoordinateSystem:
        (found,) = nearest(convert(SHENYANG, system), [store], 1)
        assert found.distance_metres < 0.01


def test_without_candidates_nobody_is_near() -> None:
    assert nearest(SHENYANG, [], 5) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        nearest(SHENYANG, [], limit)


@pytest.mark.parametrize("metres", [-1, math.nan, -math.inf])
def test_a_negative_distance_is_refused(metres: float) -> None:
    with pytest.raises(ValueError, match="negative"):
        nearest(SHENYANG, [], 1, metres)
    with pytest.raises(ValueError, match="negative"):
        bounding_boxes(SHENYANG, metres)


@given(places, places)
def test_haversine_is_the_great_circle_and_near_the_geodesic(one, other) -> None:
    metres = haversine_metres(*one, *other)
    assert metres == pytest.approx(great_circle(one, other).meters, rel=1e-6, abs=0.5)
    assert metres == pytest.approx(geodesic_metres(*one, *other), rel=0.0057, abs=0.5)


def inside(box: Box, latitude: float, longitude: float) -> bool:
    return box.south <= latitude <= box.north and box.west <= longitude <= box.east


radii = st.one_of(st.floats(0, 50_000), st.floats(0, 2.1e7))


@given(places, radii, places, st.floats(0, 1))
def test_no_place_within_the_radius_is_outside_the_boxes(centre, radius, other, share) -> None:
    towards = geodesic(meters=radius * share).destination(centre, bearing=other[1])
    for latitude, longitude in (other, (towards.latitude, towards.longitude)):
        if geodesic_metres(*centre, latitude, longitude) <= radius:
            boxes = bounding_boxes(Point(*centre), radius)
            assert any(inside(box, latitude, longitude) for box in boxes)


@given(places, radii)
def test_boxes_are_one_or_two_and_lie_on_the_earth(centre, radius) -> None:
    boxes = bounding_boxes(Point(*centre), radius)
    assert len(boxes) in (1, 2)
    for box in boxes:
        assert -90 <= box.south <= box.north <= 90
        assert -180 <= box.west <= box.east <= 180


def test_a_box_is_hardly_larger_than_the_circle() -> None:
    (box,) = bounding_boxes(SHENYANG, 10_000)
    assert geodesic_metres(41.8057, 123.4315, box.north, 123.4315) < 10_100
    assert geodesic_metres(41.8057, 123.4315, 41.8057, box.east) < 10_100


@pytest.mark.parametrize("latitude", [0.0, 60.0, 80.0, -80.0])
def test_a_wide_box_holds_the_circle_where_meridians_meet(latitude: float) -> None:
    (box,) = bounding_boxes(Point(latitude, 100.0), 1_000_000)
    circle = geodesic(meters=999_999)
    for bearing in range(360):
        edge = circle.destination((latitude, 100.0), bearing)
        assert inside(box, edge.latitude, edge.longitude)


def test_a_box_across_the_antimeridian_is_two() -> None:
    eastern, western = bounding_boxes(Point(-17.0, 179.99), 5_000)
    assert (eastern.east, western.west) == (180.0, -180.0)
    assert eastern.west > 179.9
    assert western.east < -179.9


def test_a_box_at_a_pole_goes_all_the_way_round() -> None:
    (box,) = bounding_boxes(Point(89.99, 15.0), 5_000)
    assert (box.west, box.east, box.north) == (-180.0, 180.0, 90.0)
    assert 89.9 < box.south < 89.99
