"""Moving average cost in whole minor units. The value of a level is stored, never the average.

Units that leave carry their share of the value, so the value received equals the value on hand plus the
value that left.

Source: the perpetual weighted average of IAS 2, paragraphs 25 to 27.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Valuation:
    """The quantity and value of a level, in minor units.

    `known_minor` is the value of `known_quantity` units before the last unit left. It gives the unit cost of
    goods that arrive without a stated cost while the location has no stock.
    """

    quantity: int
    value_minor: int
    known_quantity: int = 0
    known_minor: int = 0

    @property
    def average_minor(self) -> int | None:
        """The rounded unit cost; None without stock."""
        return share(self.value_minor, self.quantity, 1) if self.quantity else None


@dataclass(frozen=True, slots=True)
class CostMovement:
    """Units that arrive (above 0) or leave (below 0); `value_minor` is their stated value, if any."""

    quantity: int
    value_minor: int | None = None


def with_opening_cost(quantity: int, unit_minor: int) -> Valuation:
    """Return the valuation of `quantity` units that had no cost before, at `unit_minor` each.

    Without stock, `unit_minor` becomes the cost of units that arrive without a stated cost.
    """
    return Valuation(quantity, quantity * unit_minor, *((0, 0) if quantity else (1, unit_minor)))


def share(value_minor: int, quantity: int, moved: int) -> int:
    """Return the value of `moved` units if `quantity` units have the value `value_minor`, rounded half up.

    The share of at most `quantity` units does not exceed the value; the share of all of them equals it.
    """
    return (2 * value_minor * moved + quantity) // (2 * quantity)


def shares(value_minor: int, quantity: int, splits: Sequence[int]) -> list[int]:
    """Return the values of successive splits of the quantity. They add up to the value of the whole."""
    values = []
    for moved in splits:
        value = share(value_minor, quantity, moved) if moved else 0
        values.append(value)
        value_minor, quantity = value_minor - value, quantity - moved
    return values


def apply(stock: Valuation, movements: Iterable[CostMovement]) -> tuple[Valuation, list[int]]:
    """Return the valuation after the movements, and the change of value by each (negative if units left)."""
    changes = []
    for each in movements:
        change = _arriving(stock, each) if each.quantity > 0 else -_leaving(stock, -each.quantity)
        changes.append(change)
        stock = _after(stock, max(0, stock.quantity + each.quantity), stock.value_minor + change)
    return stock, changes


def _arriving(stock: Valuation, movement: CostMovement) -> int:
    if movement.value_minor is not None:
        return movement.value_minor
    if stock.quantity:
        return share(stock.value_minor, stock.quantity, movement.quantity)
    if stock.known_quantity:
        return share(stock.known_minor, stock.known_quantity, movement.quantity)
    return 0


def _leaving(stock: Valuation, quantity: int) -> int:
    if quantity >= stock.quantity:
        return stock.value_minor
    return share(stock.value_minor, stock.quantity, quantity)


def _after(stock: Valuation, quantity: int, value_minor: int) -> Valuation:
    if quantity == 0 and stock.quantity:
        return Valuation(0, value_minor, stock.quantity, stock.value_minor)
    return replace(stock, quantity=quantity, value_minor=value_minor)
