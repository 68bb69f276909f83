from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stock.rules import (
    BY_HAND,
    ON_HAND_STATES,
    Quantities,
    effective,
    moved,
    public_quantities,
    reasons_to_adjust,
    sellable,
    suffices,
)
from models.stock.states import MovementReason, StockState

counts = st.integers(0, 10_000)
states = st.sampled_from(StockState)


@given(states, states, counts)
def test_a_move_within_a_location_keeps_every_piece(
    origin: StockState, target: StockState, quantity: int
) -> None:
    change = moved(origin, target, quantity)
    came = quantity if target in ON_HAND_STATES else 0
    went = quantity if origin in ON_HAND_STATES else 0
    assert change.on_hand == came - went


def test_a_move_takes_from_one_state_and_gives_to_the_other() -> None:
    assert moved(StockState.AVAILABLE, StockState.HELD, 3) == Quantities(available=-3, held=3)
    assert moved(StockState.OUTSIDE, StockState.DAMAGED, 2) == Quantities(damaged=2)
    assert moved(StockState.AVAILABLE, StockState.IN_TRANSIT, 4) == Quantities(available=-4)


@pytest.mark.parametrize(("state", "count"), list(zip(ON_HAND_STATES, range(1, 6), strict=True)))
def test_pieces_are_read_by_state(state: StockState, count: int) -> None:
    assert Quantities(1, 2, 3, 4, 5).of(state) == count


def test_no_level_has_pieces_outside() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        Quantities(1).of(StockState.OUTSIDE)


@given(counts, counts, counts)
def test_an_expired_hold_is_counted_once(available: int, held: int, expired: int) -> None:
    pieces = Quantities(available=available, held=held + expired)
    assert effective(pieces, expired) == Quantities(available=available + expired, held=held)
    assert effective(pieces, expired).on_hand == pieces.on_hand


@given(counts, counts)
def test_online_stops_at_the_safety_stock_and_the_counter_does_not(
    available: int, safety: int
) -> None:
    assert sellable(available, safety, counter=True) == available
    assert sellable(available, safety, counter=False) == max(0, available - safety)


@given(counts, counts, counts, counts)
def test_a_level_suffices_for_exactly_what_it_may_sell(
    available: int, safety: int, online: int, counter: int
) -> None:
    enough_online = online == 0 or online <= sellable(available, safety, counter=False)
    expected = enough_online and online + counter <= available
    assert suffices(available, safety, total=online + counter, online=online) == expected


def test_the_public_sees_only_what_is_sold() -> None:
    assert public_quantities(7).values == (7, 0, 0, 0, 0)
    assert public_quantities(7).on_hand == 7


@given(states, states)
def test_only_pieces_of_nobody_are_adjusted_by_hand(origin: StockState, target: StockState) -> None:
    allowed = origin is not target and {origin, target} <= BY_HAND
    assert bool(reasons_to_adjust(origin, target)) == allowed


@pytest.mark.parametrize(
    ("origin", "target", "reason", "allowed"),
    [
        ("OUTSIDE", "AVAILABLE", "PURCHASE_RECEIPT", True),
        ("OUTSIDE", "AVAILABLE", "SUPPLIER_RETURN", False),
        ("AVAILABLE", "OUTSIDE", "SUPPLIER_RETURN", True),
        ("AVAILABLE", "OUTSIDE", "SALE", False),
        ("AVAILABLE", "DAMAGED", "DAMAGE", True),
        ("QUARANTINED", "AVAILABLE", "ADJUSTMENT", True),
        ("AVAILABLE", "DAMAGED", "RETURN", False),
        ("HELD", "AVAILABLE", "ADJUSTMENT", False),
        ("AVAILABLE", "COMMITTED", "ADJUSTMENT", False),
        ("AVAILABLE", "IN_TRANSIT", "TRANSFER", False),
    ],
)
def test_reasons_fit_the_direction(origin: str, target: str, reason: str, allowed: bool) -> None:
    reasons = reasons_to_adjust(StockState(origin), StockState(target))
    assert (MovementReason(reason) in reasons) == allowed
