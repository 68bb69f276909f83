"""Moving average cost in whole minor units: the value of a place's pieces is kept, never their average.

Each piece that leaves takes its share of the value, so what came in is what is there and what went out.

Source: the perpetual weighted average of IAS 2, paragraphs 25 to 27.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Valued:
    """What the pieces of a variant at a place are worth together, in minor units.

    `known_minor` for `known_quantity` is what they were worth before the last of them left: so much are
    pieces worth that come when there are none, and nobody says what they cost.
    """

    quantity: int
    value_minor: int
    known_quantity: int = 0
    known_minor: int = 0

    @property
    def average_minor(self) -> int | None:
        """What one is worth, rounded; None where there is none."""
        return share(self.value_minor, self.quantity, 1) if self.quantity else None


@dataclass(frozen=True, slots=True)
class Passage:
    """Pieces that come (above 0) or leave (below 0); `value_minor` is theirs if somebody says so."""

    pieces: int
    value_minor: int | None = None


def opened(quantity: int, unit_minor: int) -> Valued:
    """Pieces that never had a cost, once one of them is said to be worth `unit_minor`.

    Where there are none, those that come without a cost are worth that.
    """
    return Valued(quantity, quantity * unit_minor, *((0, 0) if quantity else (1, unit_minor)))


def share(value_minor: int, quantity: int, pieces: int) -> int:
    """What `pieces` are worth where `quantity` are worth `value_minor`; half a unit is rounded up.

    Never more than the value for at most `quantity`, and all of it for all of them.
    """
    return (2 * value_minor * pieces + quantity) // (2 * quantity)


def shares(value_minor: int, quantity: int, parts: Sequence[int]) -> list[int]:
    """What each part of the pieces is worth, one after the other, so that the last takes what is left."""
    values = []
    for pieces in parts:
        value = share(value_minor, quantity, pieces) if pieces else 0
        values.append(value)
        value_minor, quantity = value_minor - value, quantity - pieces
    return values


def passed(stock: Valued, passages: Iterable[Passage]) -> tuple[Valued, list[int]]:
    """The stock once the pieces have come and gone, and what each passage added (or took: below 0)."""
    changes = []
    for each in passages:
        change = _come(stock, each) if each.pieces > 0 else -_left(stock, -each.pieces)
        changes.append(change)
        stock = _after(stock, max(0, stock.quantity + each.pieces), stock.value_minor + change)
    return stock, changes


def _come(stock: Valued, passage: Passage) -> int:
    if passage.value_minor is not None:
        return passage.value_minor
    if stock.quantity:
        return share(stock.value_minor, stock.quantity, passage.pieces)
    if stock.known_quantity:
        return share(stock.known_minor, stock.known_quantity, passage.pieces)
    return 0


def _left(stock: Valued, pieces: int) -> int:
    if pieces >= stock.quantity:
        return stock.value_minor
    return share(stock.value_minor, stock.quantity, pieces)


def _after(stock: Valued, quantity: int, value_minor: int) -> Valued:
    if quantity == 0 and stock.quantity:
        return Valued(0, value_minor, stock.quantity, stock.value_minor)
    return replace(stock, quantity=quantity, value_minor=value_minor)
