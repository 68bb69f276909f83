from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.orders.deadlines import OPEN, Terms, due_at, end_of_day, lateness_minutes
from models.orders.states import FulfilmentStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCEPT, PICKUP, PROMISE = (NOW + timedelta(hours=hours) for hours in (1, 2, 3))
S = FulfilmentStatus


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        (Terms(S.OPEN, None, ACCEPT, PICKUP, PROMISE), None),
        (Terms(S.OPEN, NOW, ACCEPT, PICKUP, PROMISE), ACCEPT),
        (Terms(S.OPEN, NOW, None, PICKUP, PROMISE), PICKUP),
        (Terms(S.ACCEPTED, NOW, ACCEPT, None, PROMISE), PROMISE),
        (Terms(S.READY, NOW, None, PICKUP, PROMISE), PICKUP),
        (Terms(S.ACCEPTED, NOW, ACCEPT), None),
        (Terms(S.SHIPPED, NOW, ACCEPT, PICKUP, PROMISE), None),
        (Terms(S.DONE, NOW, ACCEPT, PICKUP, PROMISE), None),
    ],
)
def test_what_is_due_when(terms: Terms, due: datetime | None) -> None:
    assert due_at(terms) == due


def test_a_fulfilment_is_open_until_it_is_handed_over_or_ended() -> None:
    assert set(OPEN) == set(S) - {S.DONE, S.CANCELLED, S.EXPIRED, S.RETURNED}


def test_lateness_counts_whole_minutes_and_never_below_none() -> None:
    assert lateness_minutes(None, NOW) == lateness_minutes(NOW + timedelta(hours=1), NOW) == 0
    assert lateness_minutes(NOW - timedelta(seconds=59), NOW) == 0
    assert lateness_minutes(NOW - timedelta(seconds=61), NOW) == 1


def test_a_day_ends_where_the_chain_is() -> None:
    end = end_of_day(date(2026, 3, 1), ZoneInfo("Asia/Shanghai"))
    assert end == datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)
    assert end_of_day(None, ZoneInfo("Asia/Shanghai")) is None
