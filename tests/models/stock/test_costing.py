"""Values add up whatever happens: what came in is what is there and what went out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stock.costing import Passage, Valued, opened, passed, share, shares

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
    stock, changes = passed(Valued(0, 0), [Passage(10, 1000), Passage(10, 2000), Passage(-5)])
    assert (stock.quantity, stock.value_minor, stock.average_minor) == (15, 2250, 150)
    assert changes == [1000, 2000, -750]


def test_pieces_that_are_found_are_worth_what_the_others_are_or_were() -> None:
    stock, changes = passed(Valued(3, 100), [Passage(2), Passage(-5), Passage(3), Passage(3, 9)])
    assert changes == [67, -167, 100, 9]
    assert stock.value_minor == 109
    assert passed(Valued(0, 0), [Passage(3)])[0] == Valued(3, 0)


def test_pieces_without_a_cost_are_worth_what_one_is_said_to_be() -> None:
    assert opened(3, 50) == Valued(3, 150)
    assert opened(1, 50) == Valued(1, 50)
    nothing = opened(0, 50)
    assert nothing == Valued(0, 0, 1, 50)
    assert passed(nothing, [Passage(4)]) == (Valued(4, 200, 1, 50), [200])


def test_what_is_not_there_has_no_average() -> None:
    assert Valued(0, 0, 5, 500).average_minor is None


@given(
    st.lists(
        st.one_of(
            st.builds(Passage, st.integers(1, 500), st.none() | st.integers(0, 10**9)),
            st.builds(Passage, st.integers(-500, -1)),
        ),
        max_size=40,
    )
)
def test_value_is_conserved(passages: list[Passage]) -> None:
    stock = Valued(0, 0)
    came = went = 0
    for each in passages:
        if each.pieces < 0 and -each.pieces > stock.quantity:
            continue  # a guarded level never lets it happen
        before = stock
        stock, (change,) = passed(stock, [each])
        came, went = came + max(change, 0), went - min(change, 0)
        assert stock.quantity == before.quantity + each.pieces
        assert 0 <= stock.value_minor == came - went
        assert stock.quantity or not stock.value_minor
