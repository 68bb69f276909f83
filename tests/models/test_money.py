from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import (
    MAX_MINOR,
    CurrencyCode,
    InvalidAmount,
    minor_digits,
    parse_amount,
    share_down,
    spread,
    to_decimal,
    to_minor,
)

CNY = CurrencyCode.CNY
minor_amounts = st.integers(-MAX_MINOR, MAX_MINOR)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("amount", "minor"),
    [
        ("0", 0),
        ("-0.00", 0),
        ("12.5", 1250),
        ("12.50", 1250),
        ("12.500000", 1250),
        ("0.01", 1),
        ("-3.21", -321),
        ("1E+3", 100_000),
        ("100000000000", MAX_MINOR),
    ],
)
def test_an_amount_becomes_whole_minor_units(amount: str, minor: int) -> None:
    assert to_minor(Decimal(amount), CNY) == minor


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "0.001",
        "12.505",
        "100000000000.01",
        "-100000000000.01",
        "1E+999999",
        "9E+999999999999999999",
        "1E-999999999999999999",
        "0.1" + "0" * 60 + "1",
        "1" * 60,
    ],
)
def test_what_is_no_money_is_refused(amount: str) -> None:
    with pytest.raises(InvalidAmount):
        to_minor(Decimal(amount), CNY)


@pytest.mark.parametrize("amount", ["100000000000.01", "1E+999999", "9E+999999999999999999"])
def test_what_is_too_large_is_said_to_be(amount: str) -> None:
    with pytest.raises(InvalidAmount, match="too large"):
        to_minor(Decimal(amount), CNY)


@pytest.mark.parametrize(("text", "minor"), [("8", 800), ("8.5", 850), ("-0.01", -1)])
def test_plain_notation_is_read(text: str, minor: int) -> None:
    assert parse_amount(text, CNY) == minor


@pytest.mark.parametrize(
    "text",
    ["", " 8", "8 ", "1e3", "1_000", "+1", ".5", "5.", "٣", "８", "NaN", "0x10", "1,00", "8\n"],
)
def test_any_other_notation_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, CNY)


@pytest.mark.parametrize(
    ("minor", "text"), [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (-1, "-0.01")]
)
def test_amounts_are_answered_with_the_currencys_decimals(minor: int, text: str) -> None:
    assert str(to_decimal(minor, CNY)) == text


@given(minor_amounts, st.sampled_from(CurrencyCode))
def test_there_and_back_is_the_same_amount(minor: int, currency: CurrencyCode) -> None:
    amount = to_decimal(minor, currency)
    assert to_minor(amount, currency) == minor
    assert parse_amount(str(amount), currency) == minor
    assert amount.as_tuple().exponent == -minor_digits(currency) == -2


@pytest.mark.parametrize(
    ("total", "by", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (76, [999, 501, 20], [50, 25, 1]),
        (5, [0, 10, 0], [0, 5, 0]),
        (0, [3, 4], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (7, [1, 2], [2, 5]),
        (5, [1, 2], [2, 3]),  # the larger remainder, not the larger share
    ],
)
def test_a_total_is_spread_by_largest_remainder(
    total: int, by: list[int], shares: list[int]
) -> None:
    assert spread(total, by) == shares


@pytest.mark.parametrize(("total", "by"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_a_total_that_nothing_can_carry_is_refused(total: int, by: list[int]) -> None:
    with pytest.raises(ValueError, match=r"negative|carries"):
        spread(total, by)


@given(st.integers(0, 10**12), weights)
def test_shares_add_up_and_stay_within_a_unit_of_their_quota(total: int, by: list[int]) -> None:
    shares = spread(total, by)
    assert sum(shares) == total
    for share, weight in zip(shares, by, strict=True):
        assert abs(share - Fraction(total * weight, sum(by))) < 1


@given(st.data(), weights)
def test_no_share_passes_its_weight(data: st.DataObject, by: list[int]) -> None:
    total = data.draw(st.integers(0, sum(by)))
    assert all(share <= weight for share, weight in zip(spread(total, by), by, strict=True))


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.integers(2, 12))
def test_ties_go_to_the_earlier_line(total: int, weight: int, lines: int) -> None:
    shares = spread(total, [weight] * lines)
    assert shares == sorted(shares, reverse=True)


@given(st.integers(0, 10**15), st.integers(0, 10**6))
def test_a_share_is_rounded_down_exactly(base: int, millionths: int) -> None:
    rate = Decimal(millionths).scaleb(-6)
    assert share_down(base, rate) == base * millionths // 10**6


@pytest.mark.parametrize(("rate", "share"), [("0", 0), ("0.999", 6), ("1", 7)])
def test_a_rate_goes_from_nothing_to_everything(rate: str, share: int) -> None:
    assert share_down(7, Decimal(rate)) == share


@pytest.mark.parametrize(
    ("base", "rate"),
    [(-1, "0.1"), (1, "-0.1"), (1, "1.01"), (1, "NaN"), (1, "Infinity"), (1, "1E+99")],
)
def test_a_rate_outside_nothing_to_everything_is_refused(base: int, rate: str) -> None:
    with pytest.raises(ValueError, match=r"base|rate"):
        share_down(base, Decimal(rate))


def test_a_rate_of_very_many_digits_is_still_rounded_down() -> None:
    assert share_down(1, Decimal("0." + "9" * 90)) == 0


def test_a_tiny_rate_costs_no_time() -> None:
    assert share_down(10**13, Decimal("1E-999999999999")) == 0
