from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import MAX_MINOR, InvalidAmount
from models.orders.pricing import Line, price

lines = st.lists(
    st.builds(
        Line,
        key=st.integers(),
        quantity=st.integers(1, 999),
        list_unit_minor=st.integers(0, 10**6),
        price_unit_minor=st.integers(0, 10**6),
    ),
    max_size=10,
)
percents = st.decimals(0, 100, places=2)


def line(key: str, quantity: int, unit_minor: int) -> Line:
    return Line(key, quantity, list_unit_minor=unit_minor + 100, price_unit_minor=unit_minor)


def test_the_worked_example_of_the_documentation() -> None:
    order = [line("A", 3, 333), line("B", 1, 501), line("C", 2, 10)]

    pricing = price(order, tier_discount_percent=Decimal("5.00"), delivery_minor=600)

    assert [each.discount_minor for each in pricing.lines] == [50, 25, 1]
    assert [each.total_minor for each in pricing.lines] == [949, 476, 19]
    assert (pricing.goods_minor, pricing.discount_minor) == (1520, 76)
    assert (pricing.delivery_minor, pricing.payable_minor) == (600, 2044)


def test_without_a_discount_the_price_list_is_what_is_paid() -> None:
    pricing = price([line("A", 2, 1250)])
    assert (pricing.discount_minor, pricing.payable_minor) == (0, 2500)
    assert (pricing.lines[0].price_unit_minor, pricing.lines[0].list_unit_minor) == (1250, 1350)


def test_delivery_is_never_discounted() -> None:
    pricing = price([line("A", 1, 999)], tier_discount_percent=Decimal(100), delivery_minor=800)
    assert (pricing.discount_minor, pricing.payable_minor) == (999, 800)


def test_nothing_costs_nothing() -> None:
    assert price([], tier_discount_percent=Decimal(5)).payable_minor == 0


@given(lines, percents, st.integers(0, 10**5))
def test_lines_add_up_to_the_totals(order: list[Line], percent: Decimal, delivery: int) -> None:
    pricing = price(order, tier_discount_percent=percent, delivery_minor=delivery)

    assert [each.key for each in pricing.lines] == [each.key for each in order]
    assert all(0 <= each.discount_minor <= each.goods_minor for each in pricing.lines)
    assert pricing.goods_minor == sum(each.goods_minor for each in order)
    assert pricing.discount_minor == int(pricing.goods_minor * percent // 100)
    assert pricing.payable_minor == sum(each.total_minor for each in pricing.lines) + delivery


@given(lines, percents)
def test_the_same_question_has_the_same_answer(order: list[Line], percent: Decimal) -> None:
    again = price(order, tier_discount_percent=percent)
    assert price(order, tier_discount_percent=percent) == again


@pytest.mark.parametrize("percent", ["-0.01", "100.01", "NaN", "Infinity"])
def test_a_percentage_outside_nothing_to_everything_is_refused(percent: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        price([line("A", 1, 100)], tier_discount_percent=Decimal(percent))


@pytest.mark.parametrize(("quantity", "unit_minor"), [(0, 1), (-1, 1), (1, -1)])
def test_a_line_of_nothing_is_refused(quantity: int, unit_minor: int) -> None:
    with pytest.raises(ValueError, match=r"piece|negative"):
        Line("A", quantity, list_unit_minor=1, price_unit_minor=unit_minor)


def test_a_negative_fee_is_refused() -> None:
    with pytest.raises(ValueError, match="fee"):
        price([line("A", 1, 100)], delivery_minor=-1)


def test_an_order_beyond_the_limit_of_money_is_refused() -> None:
    assert price([line("A", 10, MAX_MINOR // 10)]).payable_minor == MAX_MINOR
    with pytest.raises(InvalidAmount):
        price([line("A", 10, MAX_MINOR // 10), line("B", 1, 1)])
    with pytest.raises(InvalidAmount):
        price([line("A", 10, MAX_MINOR // 10)], delivery_minor=1)
