"""Values add up whatever happens: what came in is what is there and what went out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stock.costing import CostMovement, Valuation, apply, share, shares

pieces = st.integers(1, 10**6)
money = st.integers(0, 10**13)


@pytest.mark.parametrize(
    ("value", "quantity", "taken", "worth"),
    [(100, 3, 1, 33), (50, 4, 1, 13), (7, 7, 7, 7), (0, 5, 2, 0), (1, 3, 2, 1), (1, 3, 1, 0)],
)
def test_a_share_is_rounded_half_up(value: int, quantity: int, taken: int, worth: int) -> None:
    assert share(value, quantity, taken) == worth


@given(money, pieces, st.data())
def test_no_share_passes_the_whole(value: int, quantity: int, data: st.DataObject) -> None:
    taken = data.draw(st.integers(1, quantity))
    assert 0 <= share(value, quantity, taken) <= value
    parts = data.draw(st.integers(0, quantity))
    assert sum(shares(value, quantity, [parts, quantity - parts])) == value


def test_a_receipt_moves_the_average_and_a_sale_does_not() -> None:
    stock, changes = apply(
        Valuation(0, 0), [CostMovement(10, 1000), CostMovement(10, 2000), CostMovement(-5)]
    )
    assert (stock.quantity, stock.value_minor, stock.average_minor) == (15, 2250, 150)
    assert changes == [1000, 2000, -750]


def test_pieces_that_are_found_are_worth_what_the_others_are_or_were() -> None:
    stock, changes = apply(
        Valuation(3, 100), [CostMovement(2), CostMovement(-5), CostMovement(3), CostMovement(3, 9)]
    )
    assert changes == [67, -167, 100, 9]
    assert stock.value_minor == 109
    assert apply(Valuation(0, 0), [CostMovement(3)])[0] == Valuation(3, 0)


def test_what_is_not_there_has_no_average() -> None:
    assert Valuation(0, 0, 5, 500).average_minor is None


@given(
    st.lists(
        st.one_of(
            st.builds(CostMovement, st.integers(1, 500), st.none() | st.integers(0, 10**9)),
            st.builds(CostMovement, st.integers(-500, -1)),
        ),
        max_size=40,
    )
)
def test_value_is_conserved(movements: list[CostMovement]) -> None:
    stock = Valuation(0, 0)
    came = went = 0
    for each in movements:
        if each.quantity < 0 and -each.quantity > stock.quantity:
            continue  # a guarded level never lets it happen
        before = stock
        stock, (change,) = apply(stock, [each])
        came, went = came + max(change, 0), went - min(change, 0)
        assert stock.quantity == before.quantity + each.quantity
        assert 0 <= stock.value_minor == came - went
        assert stock.quantity or not stock.value_minor
