"""Pure rules of stock levels: movements, sellable quantities and manual adjustments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from models.stock.states import MovementReason, StockState

_S = StockState
_R = MovementReason

# A level has a column for each of these states.
ON_HAND_STATES = (_S.AVAILABLE, _S.HELD, _S.COMMITTED, _S.DAMAGED, _S.QUARANTINED)
COLUMNS = tuple(state.lower() for state in ON_HAND_STATES)
# Orders move held and committed units, transfers move units in transit.
BY_HAND = frozenset({_S.OUTSIDE, _S.AVAILABLE, _S.DAMAGED, _S.QUARANTINED})
# Below the maximum of INT by a margin, so that adding to a level does not overflow.
MOST_ON_HAND = 2_000_000_000
_INBOUND = frozenset({_R.ADJUSTMENT, _R.PURCHASE_RECEIPT, _R.RETURN, _R.STOCKTAKE})
_OUTBOUND = frozenset({_R.ADJUSTMENT, _R.DAMAGE, _R.STOCKTAKE, _R.SUPPLIER_RETURN})
_INTERNAL = frozenset({_R.ADJUSTMENT, _R.DAMAGE, _R.STOCKTAKE})


@dataclass(frozen=True, slots=True)
class Quantities:
    """The quantities of a level by state, or their changes, which may be negative."""

    available: int = 0
    held: int = 0
    committed: int = 0
    damaged: int = 0
    quarantined: int = 0

    def __add__(self, other: Quantities) -> Quantities:
        return Quantities(*(a + b for a, b in zip(self.values, other.values, strict=True)))

    def of(self, state: StockState) -> int:
        """Return the quantity in one state. Raises: ValueError for a state that a level does not have."""
        return self.values[ON_HAND_STATES.index(state)]

    @property
    def values(self) -> tuple[int, ...]:
        """The quantities in the order of `ON_HAND_STATES`."""
        return self.available, self.held, self.committed, self.damaged, self.quarantined

    @property
    def on_hand(self) -> int:
        return sum(self.values)


def moved(from_state: StockState, to_state: StockState, quantity: int) -> Quantities:
    """Return the changes of a level when `quantity` units move from one state to another."""
    return _in(from_state, -quantity) + _in(to_state, quantity)


def effective(quantities: Quantities, expired: int) -> Quantities:
    """Return the quantities with `expired` held units counted as available."""
    return quantities + Quantities(available=expired, held=-expired) if expired else quantities


def sellable(available: int, safety_stock: int, *, counter: bool) -> int:
    """Return how many available units a channel may sell: online, those above the safety stock."""
    return max(0, available if counter else available - safety_stock)


def suffices(available: int, safety_stock: int, *, total: int, online: int) -> bool:
    """Return whether a level has `total` units, of which `online` may not use the safety stock."""
    return available >= total and (online == 0 or available - online >= safety_stock)


@lru_cache(maxsize=1024)
def public_quantities(available: int) -> Quantities:
    """Return the quantities that a caller without STOCK_READ sees: the sellable ones only."""
    return Quantities(available=available)


def reasons_to_adjust(from_state: StockState, to_state: StockState) -> frozenset[MovementReason]:
    """Return the reasons that fit a manual movement between two states; empty if it is not permitted."""
    if from_state is to_state or not {from_state, to_state} <= BY_HAND:
        return frozenset()
    if from_state is _S.OUTSIDE:
        return _INBOUND
    return _OUTBOUND if to_state is _S.OUTSIDE else _INTERNAL


def _in(state: StockState, quantity: int) -> Quantities:
    return Quantities(*(quantity if state is each else 0 for each in ON_HAND_STATES))
