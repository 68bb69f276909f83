"""A store is open by its own clock, past midnight and through changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stores.hours import (
    InvalidHours,
    OpeningHours,
    Weekday,
    is_open,
    next_opening,
    opening_minutes_between,
    parse,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = Weekday

SHOP = [OpeningHours(day, "09:00", "21:30") for day in (MONDAY, TUESDAY, WEDNESDAY)]
BAR = [OpeningHours(FRIDAY, "22:00", "02:00")]
NEVER_CLOSED = [OpeningHours(day, "00:00", "24:00") for day in Weekday]


def local(day: int, clock: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment in June 2026, whose first day is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 6, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (SHOP, local(1, "08:59"), False),
        (SHOP, local(1, "09:00"), True),
        (SHOP, local(1, "21:29"), True),
        (SHOP, local(1, "21:30"), False),
        (SHOP, local(4, "12:00"), False),
        (SHOP, datetime(2026, 6, 1, 1, 0, tzinfo=UTC), True),
        (SHOP, datetime(2026, 6, 1, 14, 0, tzinfo=UTC), False),
        (BAR, local(5, "21:59"), False),
        (BAR, local(5, "23:59"), True),
        (BAR, local(6, "01:59"), True),
        (BAR, local(6, "02:00"), False),
        (BAR, local(5, "01:00"), False),
        ([OpeningHours(SUNDAY, "22:00", "02:00")], local(1, "01:00"), True),
        ([OpeningHours(MONDAY, "10:00", "00:00")], local(1, "23:59"), True),
        ([OpeningHours(MONDAY, "10:00", "00:00")], local(2, "00:00"), False),
        ([OpeningHours(MONDAY, "00:00", "24:00")], local(1, "23:59"), True),
        ([OpeningHours(MONDAY, "00:00", "24:00")], local(2, "00:00"), False),
        ([], local(4, "03:00"), True),
    ],
)
def test_open_or_not(hours, at: datetime, expected: bool) -> None:
    assert is_open(hours, at, SHANGHAI) is expected


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (SHOP, local(1, "08:00"), local(1, "09:00")),
        (SHOP, local(1, "09:00"), local(2, "09:00")),
        (SHOP, local(1, "12:00"), local(2, "09:00")),
        (SHOP, local(3, "22:00"), local(8, "09:00")),
        (BAR, local(6, "01:00"), local(12, "22:00")),
        (NEVER_CLOSED[:6], local(3, "12:00"), local(8, "00:00")),
        (NEVER_CLOSED, local(3, "12:00"), None),
        ([], local(3, "12:00"), None),
        (
            [OpeningHours(MONDAY, "09:00", "13:00"), OpeningHours(MONDAY, "12:00", "18:00")],
            local(1, "10:00"),
            local(8, "09:00"),
        ),
    ],
)
def test_the_next_opening(hours, at: datetime, expected: datetime | None) -> None:
    assert next_opening(hours, at, SHANGHAI) == expected


@pytest.mark.parametrize(
    ("hours", "start", "end", "expected"),
    [
        (SHOP, local(1, "12:00"), local(1, "12:10"), 10),
        (SHOP, local(1, "21:25"), local(2, "09:04"), 9),
        (SHOP, local(1, "21:25"), local(2, "09:05"), 10),
        (SHOP, local(1, "22:00"), local(2, "08:00"), 0),
        (SHOP, local(1, "00:00"), local(8, "00:00"), 3 * 750),
        (BAR, local(6, "01:50"), local(6, "03:00"), 10),
        ([], local(1, "23:55"), local(2, "00:10"), 15),
        (SHOP, local(1, "12:10"), local(1, "12:00"), 0),
        ([], local(1, "12:10"), local(1, "12:00"), 0),
        (
            [OpeningHours(MONDAY, "09:00", "13:00"), OpeningHours(MONDAY, "12:00", "18:00")],
            local(1, "00:00"),
            local(2, "00:00"),
            9 * 60,
        ),
    ],
)
def test_minutes_of_opening_time(hours, start, end, expected: int) -> None:
    assert opening_minutes_between(hours, start, end, SHANGHAI) == expected


def test_part_of_a_minute_does_not_count() -> None:
    start = local(1, "12:00")
    assert opening_minutes_between(SHOP, start, start + timedelta(seconds=599), SHANGHAI) == 9


def test_the_night_that_clocks_go_back_is_an_hour_longer() -> None:
    night = [OpeningHours(SATURDAY, "22:00", "04:00")]
    start = datetime(2026, 10, 31, 12, tzinfo=NEW_YORK)
    end = datetime(2026, 11, 1, 12, tzinfo=NEW_YORK)
    assert opening_minutes_between(night, start, end, NEW_YORK) == 7 * 60


def test_hours_that_clocks_leave_out_open_a_week_later() -> None:
    brief = [OpeningHours(SUNDAY, "02:30", "03:00")]
    before = datetime(2026, 3, 1, 12, tzinfo=NEW_YORK)
    assert next_opening(brief, before, NEW_YORK) == datetime(2026, 3, 15, 2, 30, tzinfo=NEW_YORK)


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
spans = st.tuples(clocks, clocks).filter(lambda span: span[0] != span[1])
openings = st.builds(lambda day, span: OpeningHours(day, *span), st.sampled_from(Weekday), spans)
moments = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Asia/Kathmandu")])


@given(st.lists(openings, min_size=1, max_size=8), moments, zones)
def test_a_store_opens_at_its_next_opening(hours, at, zone) -> None:
    opens = next_opening(hours, at, zone)
    if opens is None:
        assert is_open(hours, at, zone)
    else:
        assert opens > at
        assert is_open(hours, opens, zone)
        assert not is_open(hours, opens - timedelta(microseconds=1), zone)


@given(st.lists(openings, min_size=1, max_size=6), moments, st.integers(0, 300), zones)
def test_opening_minutes_are_the_minutes_at_which_it_is_open(hours, at, length, zone) -> None:
    start = at.replace(second=0, microsecond=0)
    minutes = [start + timedelta(minutes=minute) for minute in range(length)]
    assert opening_minutes_between(hours, start, start + timedelta(minutes=length), zone) == sum(
        is_open(hours, minute, zone) for minute in minutes
    )


@pytest.mark.parametrize(
    ("weekday", "opens", "closes", "field"),
    [
        ("FUNDAY", "09:00", "21:00", "weekday"),
        ("monday", "09:00", "21:00", "weekday"),
        ("MONDAY", "9:00", "21:00", "opens"),
        ("MONDAY", "24:00", "21:00", "opens"),
        ("MONDAY", "09:00:00", "21:00", "opens"),
        ("MONDAY", "09:00\n", "21:00", "opens"),
        ("MONDAY", "０９:00", "21:00", "opens"),
        ("MONDAY", "", "21:00", "opens"),
        ("MONDAY", None, "21:00", "opens"),
        ("MONDAY", "09:00", "24:01", "closes"),
        ("MONDAY", "09:00", "21:60", "closes"),
        ("MONDAY", "09:00", "09:00", "closes"),
        ("MONDAY", "00:00", "00:00", "closes"),
    ],
)
def test_what_is_wrong_with_hours_is_named(weekday, opens, closes, field: str) -> None:
    with pytest.raises(InvalidHours) as refused:
        parse(weekday, opens, closes)
    assert refused.value.field == field


def test_sound_hours_are_parsed() -> None:
    assert parse("SUNDAY", "00:00", "24:00") == OpeningHours(SUNDAY, "00:00", "24:00")


def test_hours_need_a_weekday_of_ours() -> None:
    with pytest.raises(InvalidHours):
        OpeningHours("MONDAY", "09:00", "21:00")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "at",
    [
        local(1, "12:00").replace(tzinfo=None),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_a_moment_without_offset_or_beyond_the_calendar_is_refused(at: datetime) -> None:
    for ask in (is_open, next_opening):
        with pytest.raises(InvalidHours) as refused:
            ask(SHOP, at, SHANGHAI)
        assert refused.value.field == "at"
    with pytest.raises(InvalidHours) as refused:
        opening_minutes_between(SHOP, at, at, SHANGHAI)
    assert refused.value.field == "start"


def test_hours_within_others_and_on_many_days_count_once() -> None:
    twice = [
        OpeningHours(day, opens, closes)
        for day in (MONDAY, TUESDAY, WEDNESDAY)
        for opens, closes in (("09:00", "18:00"), ("10:00", "12:00"), ("17:00", "19:00"))
    ]
    week = local(1, "00:00"), local(7, "00:00")
    assert opening_minutes_between(twice, *week, SHANGHAI) == 3 * 10 * 60
    assert next_opening(twice, local(2, "09:00"), SHANGHAI) == local(3, "09:00")


def test_an_hour_that_the_clocks_leave_out_is_no_opening() -> None:
    """Clocks go from 02:00 to 03:00 on 8 March 2026."""
    hours = [OpeningHours(SUNDAY, "02:00", "03:00")]
    found = next_opening(hours, datetime(2026, 3, 7, 12, tzinfo=NEW_YORK), NEW_YORK)
    assert found == datetime(2026, 3, 15, 2, tzinfo=NEW_YORK)


@pytest.mark.parametrize("hours", [[], NEVER_CLOSED])
def test_only_whole_minutes_count(hours: list[OpeningHours]) -> None:
    start = local(1, "12:00")
    for seconds, minutes in ((59, 0), (60, 1), (119, 1)):
        end = start + timedelta(seconds=seconds)
        assert opening_minutes_between(hours, start, end, SHANGHAI) == minutes


def test_a_day_that_is_none_is_said_to_be_wrong() -> None:
    with pytest.raises(InvalidHours) as refused:
        OpeningHours("MOONDAY", "09:00", "18:00")  # type: ignore[arg-type]
    assert refused.value.field == "weekday"
