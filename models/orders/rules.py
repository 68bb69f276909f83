"""Rules for quantities in a cart and over the fulfilments of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.bounds import ORDER_LINES
from models.errors import InvalidInput, LimitExceeded

MAXIMUM_QUANTITY = 9999

Quantities = Mapping[int, int]
"""Quantities by variant ID."""
Lines = Sequence[tuple[int, int]]
"""Pairs of variant ID and quantity; a variant may occur more than once."""


def check_quantity(quantity: int, *path: str | int, minimum: int = 1) -> None:
    """Raise InvalidInput unless the quantity is within its bounds."""
    if not minimum <= quantity <= MAXIMUM_QUANTITY:
        raise InvalidInput(
            "A quantity lies between {minimum} and {maximum}.",
            path=path,
            minimum=minimum,
            maximum=MAXIMUM_QUANTITY,
        )


def added(kept: Quantities, lines: Lines) -> dict[int, int]:
    """Return the new quantity of each variant in `lines` once they are added to what is kept.

    Raises: LimitExceeded naming the line, or no line when there are too many of them.
    """
    total = dict(kept)
    for position, (variant_id, quantity) in enumerate(lines):
        total[variant_id] = total.get(variant_id, 0) + quantity
        if total[variant_id] > MAXIMUM_QUANTITY:
            raise LimitExceeded(
                "There can be at most {maximum} pieces of one variant.",
                path=(position, "quantity"),
                maximum=MAXIMUM_QUANTITY,
            )
    _check_count(len(total))
    return {variant_id: total[variant_id] for variant_id, _ in lines}


def replaced(kept: Quantities, lines: Lines) -> dict[int, int]:
    """Return the new quantity of each variant in `lines`, 0 for a removed one.

    Raises: InvalidInput for a variant that occurs twice, LimitExceeded.
    """
    given: dict[int, int] = {}
    for position, (variant_id, quantity) in enumerate(lines):
        if variant_id in given:
            raise InvalidInput("This variant is listed twice.", path=(position, "variantId"))
        given[variant_id] = quantity
    _check_count(sum(quantity > 0 for quantity in {**kept, **given}.values()))
    return given


@dataclass(frozen=True, slots=True)
class Split:
    """The quantities of each choice.

    `left` are the unassigned quantities. `excess` names each (choice, variant) that exceeds the goods.
    """

    shares: tuple[dict[int, int], ...]
    left: Quantities
    excess: tuple[tuple[int, int], ...]


def split(goods: Quantities, choices: Sequence[Quantities | None]) -> Split:
    """Divide the goods among the choices; None gets everything that the others leave.

    A second None gets nothing.
    """
    left = dict(goods)
    excess = []
    for number, choice in enumerate(choices):
        for variant_id, quantity in (choice or {}).items():
            if quantity > left.get(variant_id, 0):
                excess.append((number, variant_id))
            left[variant_id] = max(0, left.get(variant_id, 0) - quantity)
    left = {variant_id: quantity for variant_id, quantity in left.items() if quantity}
    shares = []
    for choice in choices:
        shares.append(dict(left if choice is None else choice))
        left = {} if choice is None else left
    return Split(tuple(shares), left, tuple(excess))


def _check_count(lines: int) -> None:
    if lines > ORDER_LINES:
        raise LimitExceeded("There can be at most {maximum} lines.", maximum=ORDER_LINES)
