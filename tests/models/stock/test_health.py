"""How a level stands against its floor, and how long it lasts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stock.health import COVER_DAYS, StockHealth, cover_days, health_of


@pytest.mark.parametrize(
    ("available", "safety_stock", "health"),
    [
        (0, 0, StockHealth.OUT),
        (0, 5, StockHealth.OUT),
        (4, 5, StockHealth.BELOW_SAFETY),
        (5, 5, StockHealth.SOUND),
        (1, 0, StockHealth.SOUND),
    ],
)
def test_the_floor_itself_is_sound_and_nothing_is_out(
    available: int, safety_stock: int, health: StockHealth
) -> None:
    assert health_of(available, safety_stock) is health


@pytest.mark.parametrize(
    ("available", "sold", "days"),
    [(10, 0, None), (0, 0, None), (0, 3, 0), (1, 1, 30), (1, 60, 0), (10, 7, 42), (60, 30, 60)],
)
def test_cover_is_whole_days_and_unknown_where_nothing_sells(
    available: int, sold: int, days: int | None
) -> None:
    assert cover_days(available, sold) == days


@given(st.integers(0, 2_000_000_000), st.integers(1, 2_000_000_000))
def test_stock_lasts_its_cover_and_not_a_day_more(available: int, sold: int) -> None:
    days = cover_days(available, sold)
    assert days is not None
    assert days * sold <= available * COVER_DAYS < (days + 1) * sold
