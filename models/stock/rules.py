"""What a movement does to a level, what may still be sold, and what may be adjusted by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from models.stock.states import MovementReason, StockState

_S = StockState
_R = MovementReason

# The states whose pieces stand at a location; a level has a column for each.
ON_HAND_STATES = (_S.AVAILABLE, _S.HELD, _S.COMMITTED, _S.DAMAGED, _S.QUARANTINED)
COLUMNS = tuple(state.lower() for state in ON_HAND_STATES)
# Orders move held and committed pieces, transfers those in transit: nobody does by hand.
BY_HAND = frozenset({_S.OUTSIDE, _S.AVAILABLE, _S.DAMAGED, _S.QUARANTINED})
# What a level may hold: far enough below what a number can tell for an ERP or a stocktake to add to it.
MOST_ON_HAND = 2_000_000_000
_COMING = frozenset({_R.ADJUSTMENT, _R.PURCHASE_RECEIPT, _R.RETURN, _R.STOCKTAKE})
_GOING = frozenset({_R.ADJUSTMENT, _R.DAMAGE, _R.STOCKTAKE, _R.SUPPLIER_RETURN})
_STAYING = frozenset({_R.ADJUSTMENT, _R.DAMAGE, _R.STOCKTAKE})


@dataclass(frozen=True, slots=True)
class Quantities:
    """Quantities by standing state; as a difference they may be negative."""

    available: int = 0
    held: int = 0
    committed: int = 0
    damaged: int = 0
    quarantined: int = 0

    def __add__(self, other: Quantities) -> Quantities:
        return Quantities(*(a + b for a, b in zip(self.values, other.values, strict=True)))

    def of(self, state: StockState) -> int:
        """Raises: ValueError for a state that no level has."""
        return self.values[ON_HAND_STATES.index(state)]

    @property
    def values(self) -> tuple[int, ...]:
        """In the order of `ON_HAND_STATES`."""
        return self.available, self.held, self.committed, self.damaged, self.quarantined

    @property
    def on_hand(self) -> int:
        return sum(self.values)


def moved(from_state: StockState, to_state: StockState, quantity: int) -> Quantities:
    """What moving `quantity` pieces between two states changes at their location."""
    return _in(from_state, -quantity) + _in(to_state, quantity)


def effective(quantities: Quantities, expired: int) -> Quantities:
    """The same pieces with `expired` holds counted as available, though nobody has released them yet."""
    return quantities + Quantities(available=expired, held=-expired) if expired else quantities


def sellable(available: int, safety_stock: int, *, counter: bool) -> int:
    """How many of the available pieces a channel may sell: online stops at the safety stock."""
    return max(0, available if counter else available - safety_stock)


def suffices(available: int, safety_stock: int, *, total: int, online: int) -> bool:
    """Whether a level can give `total` pieces, of which `online` must leave the safety stock alone."""
    return available >= total and (online == 0 or available - online >= safety_stock)


@lru_cache(maxsize=1024)
def shown_to_the_public(available: int) -> Quantities:
    """What somebody without the right to read stock sees of a level: only what may be sold."""
    return Quantities(available=available)


def reasons_to_adjust(from_state: StockState, to_state: StockState) -> frozenset[MovementReason]:
    """The reasons that a person may give for this movement; none when it is not one to make by hand."""
    if from_state is to_state or not {from_state, to_state} <= BY_HAND:
        return frozenset()
    if from_state is _S.OUTSIDE:
        return _COMING
    return _GOING if to_state is _S.OUTSIDE else _STAYING


def _in(state: StockState, quantity: int) -> Quantities:
    return Quantities(*(quantity if state is each else 0 for each in ON_HAND_STATES))
