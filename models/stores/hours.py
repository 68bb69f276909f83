"""Opening hours: weekly hours in a store's local time; a store without hours never closes.

Hours may overlap and touch; they count as one. Where clocks change, local times follow the clock: a night
of 25 hours is open for longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")
_DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_LOOK_AHEAD_DAYS = 15  # an opening can be in the hour that a clock change skips
_YEARS = range(2, 9999)  # so that the neighbouring days are valid dates


class Weekday(StrEnum):
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class InvalidHours(ValueError):
    """Invalid hours or an invalid timestamp; `field` names the wrong one, such as weekday or opens."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Open from `opens` to `closes`, local "HH:MM"; closing before opening means past midnight.

    Raises: InvalidHours.
    """

    weekday: Weekday
    opens: str
    closes: str

    def __post_init__(self) -> None:
        if not isinstance(self.weekday, Weekday):
            raise InvalidHours("weekday", "The weekday must be one of MONDAY to SUNDAY.")
        opens, closes = _minutes("opens", self.opens), _minutes("closes", self.closes)
        if opens == _DAY_MINUTES:
            raise InvalidHours("opens", "Only closing may be at 24:00.")
        if opens == closes:
            raise InvalidHours("closes", "Opening and closing must differ; all day is 00:00-24:00.")


def parse(weekday: str, opens: str, closes: str) -> OpeningHours:
    """Return the hours of one weekday. Raises: InvalidHours."""
    if weekday not in list(Weekday):
        raise InvalidHours("weekday", "The weekday must be one of MONDAY to SUNDAY.")
    return OpeningHours(Weekday(weekday), opens, closes)


def is_open(hours: Sequence[OpeningHours], at: datetime, timezone: ZoneInfo) -> bool:
    """Return whether the store is open at a time, the opening time included, the closing time not."""
    moment = _checked("at", at)
    today = moment.astimezone(timezone).date()
    spans = _spans(hours, today - _DAY, today, timezone)
    return not hours or any(opens <= moment < closes for opens, closes in spans)


def next_opening(
    hours: Sequence[OpeningHours], at: datetime, timezone: ZoneInfo
) -> datetime | None:
    """Return the first time after `at`, in UTC, at which the closed store opens.

    Return None if it never closes.
    """
    moment = _checked("at", at)
    today = moment.astimezone(timezone).date()
    spans = _spans(hours, today - _DAY, today + _LOOK_AHEAD_DAYS * _DAY, timezone)
    return next((opens for opens, _ in _merged(spans) if opens > moment), None)


def opening_minutes_between(
    hours: Sequence[OpeningHours], start: datetime, end: datetime, timezone: ZoneInfo
) -> int:
    """Return whole open minutes between two times; 0 when the end is not later."""
    start, end = _checked("start", start), _checked("end", end)
    if not hours:
        return max(0, (end - start) // timedelta(minutes=1))
    first, last = start.astimezone(timezone).date(), end.astimezone(timezone).date()
    spans = _merged(_spans(hours, first - _DAY, last, timezone))
    shares = (min(closes, end) - max(opens, start) for opens, closes in spans)
    return sum((max(share, timedelta()) for share in shares), timedelta()) // timedelta(minutes=1)


_Span = tuple[datetime, datetime]  # opening and closing in UTC


def _spans(
    hours: Sequence[OpeningHours], first: date, last: date, timezone: ZoneInfo
) -> Iterator[_Span]:
    """Yield the spans that begin on the local dates from `first` to `last`."""
    weekdays = list(Weekday)
    for offset in range((last - first).days + 1):
        day = first + offset * _DAY
        for row in hours:
            if row.weekday is weekdays[day.weekday()]:
                opens, closes = _minutes("opens", row.opens), _minutes("closes", row.closes)
                past_midnight = _DAY_MINUTES if closes < opens else 0
                span = (
                    _moment(day, opens, timezone),
                    _moment(day, closes + past_midnight, timezone),
                )
                if span[0] < span[1]:
                    yield span


def _merged(spans: Iterator[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], closes)
        else:
            merged.append((opens, closes))
    return merged


def _moment(day: date, minutes: int, timezone: ZoneInfo) -> datetime:
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=timezone).astimezone(UTC)


def _minutes(field: str, clock: str) -> int:
    match = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    if match is None:
        raise InvalidHours(field, 'The time must look like "09:30", "24:00" at most.')
    hour, minute = match[1] or match[3], match[2] or match[4]
    return int(hour) * 60 + int(minute)


def _checked(field: str, moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise InvalidHours(field, "The moment must have an offset.")
    if moment.year not in _YEARS:
        raise InvalidHours(field, "The moment lies outside the calendar.")
    return moment.astimezone(UTC)
