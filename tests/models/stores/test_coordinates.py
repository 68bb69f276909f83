"""Points keep their system; only mainland China's are shifted between systems."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stores import gcj02_boundary
from models.stores.coordinates import CoordinateSystem, InvalidPoint, Point, convert
from models.stores.distance import geodesic_metres

WGS84, GCJ02, BD09 = CoordinateSystem

# Real shops: BD-09 as a map vendor gives them, WGS-84 by an independent implementation.
SHOPS = [
    (41.77968209, 123.3619643, 41.7709257, 123.3495256),
    (41.81140891, 123.4539738, 41.80304, 123.4413247),
    (41.84479449, 123.4592016, 41.8363434, 123.4466217),
    (41.7684166, 123.3095891, 41.7604847, 123.2970733),
    (45.74387488, 126.6675324, 45.736271, 126.6548819),
    (45.78823018, 126.7116298, 45.7799126, 126.6991006),
    (45.69894022, 126.6986289, 45.6908568, 126.686083),
    (43.87988485, 125.32447, 43.871643, 125.3114467),
    (43.88594024, 125.2719974, 43.8773408, 125.2592207),
    (26.59388263, 106.7057249, 26.5912643, 106.6955439),
]

MAINLAND = {
    "Beijing": (39.9087, 116.3975),
    "Shanghai": (31.2304, 121.4737),
    "Chengdu": (30.5728, 104.0668),
    "Lhasa": (29.6500, 91.1000),
    "Urumqi": (43.8256, 87.6168),
    "Heihe": (50.2450, 127.4900),
    "Dandong": (40.1290, 124.3940),
    "Hunchun": (42.8625, 130.3660),
    "Suifenhe": (44.3998, 131.1478),
    "Fuyuan": (48.3640, 134.2900),
    "Mohe": (52.9720, 122.5390),
    "Manzhouli": (49.5980, 117.4330),
    "Erenhot": (43.6500, 111.9770),
    "Horgos": (44.2050, 80.4130),
    "Kashgar": (39.4677, 75.9938),
    "Ruili": (24.0130, 97.8520),
    "Pingxiang": (22.0960, 106.7560),
    "Dongxing": (21.5470, 107.9720),
    "Shenzhen": (22.5431, 114.0579),
    "Shenzhen railway station": (22.5322, 114.1172),
    "Shekou": (22.4850, 113.9130),
    "Zhuhai": (22.2710, 113.5770),
    "Gongbei": (22.2200, 113.5500),
    "Hengqin": (22.1300, 113.5300),
    "Xiamen": (24.4798, 118.0894),
    "Zhoushan": (29.9850, 122.2070),
    "Shengsi": (30.7250, 122.4500),
    "Dalian": (38.9140, 121.6147),
    "Haikou": (20.0440, 110.1983),
    "Sanya": (18.2528, 109.5119),
}

ABROAD = {
    "Kowloon": (22.3193, 114.1694),
    "Hong Kong Central": (22.2819, 114.1580),
    "Sheung Shui": (22.5010, 114.1280),
    "Yuen Long": (22.4450, 114.0222),
    "Hong Kong airport": (22.3080, 113.9185),
    "Macau": (22.1987, 113.5439),
    "Macau border gate": (22.2130, 113.5490),
    "Cotai": (22.1480, 113.5600),
    "Taipei": (25.0330, 121.5654),
    "Kaohsiung": (22.6273, 120.3014),
    "Kinmen": (24.4400, 118.3200),
    "Matsu": (26.1570, 119.9430),
    "Penghu": (23.5711, 119.5793),
    "Seoul": (37.5665, 126.9780),
    "Pyongyang": (39.0392, 125.7625),
    "Sinuiju": (40.1000, 124.3980),
    "Hyesan": (41.4017, 128.1778),
    "Vladivostok": (43.1155, 131.8855),
    "Khabarovsk": (48.4802, 135.0719),
    "Blagoveshchensk": (50.2700, 127.5270),
    "Zabaykalsk": (49.6520, 117.3270),
    "Ulaanbaatar": (47.8864, 106.9057),
    "Zamyn-Uud": (43.7200, 111.9000),
    "Almaty": (43.2220, 76.8512),
    "Bishkek": (42.8746, 74.5698),
    "Kathmandu": (27.7172, 85.3240),
    "Thimphu": (27.4728, 89.6390),
    "Mandalay": (21.9588, 96.0891),
    "Yangon": (16.8409, 96.1735),
    "Vientiane": (17.9757, 102.6331),
    "Hanoi": (21.0278, 105.8342),
    "Lao Cai": (22.4809, 103.9755),
    "Tokyo": (35.6812, 139.7671),
    "London": (51.5074, -0.1278),
    "null island": (0.0, 0.0),
    "south pole": (-90.0, 0.0),
    "antimeridian": (0.0, -180.0),
}


def metres_apart(one: Point, other: Point) -> float:
    return geodesic_metres(one.latitude, one.longitude, other.latitude, other.longitude)


@pytest.mark.parametrize("shop", SHOPS)
def test_a_map_vendors_point_is_found_where_the_shop_is(shop) -> None:
    found = convert(Point(shop[0], shop[1], BD09), WGS84)
    assert metres_apart(found, Point(shop[2], shop[3])) < 1
    assert found.system is WGS84


@pytest.mark.parametrize("shop", SHOPS)
def test_gcj02_lies_between_the_two(shop) -> None:
    by_vendor = convert(Point(shop[0], shop[1], BD09), GCJ02)
    by_satellite = convert(Point(shop[2], shop[3]), GCJ02)
    assert metres_apart(by_vendor, by_satellite) < 1
    assert 300 < metres_apart(by_satellite, Point(shop[2], shop[3])) < 800


@pytest.mark.parametrize("place", MAINLAND)
@pytest.mark.parametrize("system", [GCJ02, BD09])
def test_the_mainland_is_shifted_and_comes_back(place: str, system: CoordinateSystem) -> None:
    true = Point(*MAINLAND[place])
    shifted = convert(true, system)
    assert 50 < metres_apart(true, shifted) < 1700
    assert metres_apart(convert(shifted, WGS84), true) < 0.01


@pytest.mark.parametrize("place", ABROAD)
@pytest.mark.parametrize("given_in", CoordinateSystem)
@pytest.mark.parametrize("asked_in", CoordinateSystem)
def test_what_lies_abroad_is_never_shifted(place: str, given_in, asked_in) -> None:
    point = Point(*ABROAD[place], given_in)
    assert convert(point, asked_in) == Point(*ABROAD[place], asked_in)


def test_the_station_across_the_river_from_shenzhen_is_not_shifted() -> None:
    lo_wu = Point(22.5283, 114.1131)
    assert convert(lo_wu, GCJ02) == Point(22.5283, 114.1131, GCJ02)
    assert convert(lo_wu, BD09) == Point(22.5283, 114.1131, BD09)


latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, st.sampled_from(CoordinateSystem))
def test_anywhere_on_earth_converts_to_a_point_nearby(latitude, longitude, system) -> None:
    point = Point(latitude, longitude)
    shifted = convert(point, system)
    assert shifted.system is system
    assert metres_apart(point, shifted) < 1700


@given(
    st.floats(18, 54),
    st.floats(73, 136),
    st.sampled_from(CoordinateSystem),
    st.sampled_from(CoordinateSystem),
)
def test_every_way_round_ends_where_it_began(latitude, longitude, one, other) -> None:
    point = Point(latitude, longitude)
    returned = convert(convert(convert(point, one), other), WGS84)
    if gcj02_boundary.contains(latitude, longitude):
        assert metres_apart(returned, point) < 0.5
    else:
        assert metres_apart(returned, point) < 1700


def test_the_same_system_changes_nothing() -> None:
    point = Point(39.9087, 116.3975, BD09)
    assert convert(point, BD09) is point


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 90.0001, -91, "39.9", None, True])
def test_a_wrong_latitude_is_named(wrong) -> None:
    with pytest.raises(InvalidPoint) as refused:
        Point(wrong, 116.4)
    assert refused.value.field == "latitude"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 180.0001, -181, "116.4", None, False])
def test_a_wrong_longitude_is_named(wrong) -> None:
    with pytest.raises(InvalidPoint) as refused:
        Point(39.9, wrong)
    assert refused.value.field == "longitude"


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(InvalidPoint) as refused:
        Point(39.9, 116.4, "MERCATOR")  # type: ignore[arg-type]
    assert refused.value.field == "system"


@pytest.mark.parametrize(("latitude", "longitude"), [(90, 180), (-90, -180), (0, 0)])
def test_the_ends_of_the_earth_are_points(latitude: float, longitude: float) -> None:
    assert Point(latitude, longitude).system is WGS84
