"""The price of an order: the one calculation that quote and order share.

The order of the steps is fixed: price list (already resolved into `price_unit_minor`) → tier discount →
promotions → coupon → points → delivery. Each step works on what remains due on the lines after the previous
step. It is rounded down to the fen once for the whole order and spread over the lines by largest remainder,
so that the lines add up to the totals exactly.

`discountPercent` is the percentage taken *off*: 5.00 means 5 % off (9.5 折 in a Chinese shop).

Worked example, tier discount 5.00, delivery ¥6.00:

    line   quantity   unit    goods    5 % quota   discount   total
    A      3          3.33     9.99      0.4995       0.50     9.49
    B      1          5.01     5.01      0.2505       0.25     4.76
    C      2          0.10     0.20      0.0100       0.01     0.19
    order                     15.20      0.7600       0.76    14.44   + 6.00 = 20.44 payable

The discount is 15.20 × 5 % = 0.76. Quotas rounded down give 0.49 + 0.25 + 0.01 = 0.75; the remaining fen
goes to the largest remainder, line A.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.money import MAX_MINOR, InvalidAmount, share_down, spread

Step = Callable[[Sequence[int]], list[int]]
"""A function from the amount due on each line to the discount of each line, in minor units."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line to price; `list_unit_minor` is the list price, `price_unit_minor` the buyer's price."""

    key: Hashable
    quantity: int
    list_unit_minor: int
    price_unit_minor: int

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError("a line has at least one piece")
        if self.list_unit_minor < 0 or self.price_unit_minor < 0:
            raise ValueError("a price may not be negative")

    @property
    def goods_minor(self) -> int:
        return self.quantity * self.price_unit_minor


@dataclass(frozen=True, slots=True)
class PricedLine:
    key: Hashable
    quantity: int
    list_unit_minor: int
    price_unit_minor: int
    goods_minor: int
    discount_minor: int

    @property
    def total_minor(self) -> int:
        return self.goods_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Pricing:
    lines: tuple[PricedLine, ...]
    delivery_minor: int

    @property
    def goods_minor(self) -> int:
        return sum(line.goods_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        return sum(line.discount_minor for line in self.lines)

    @property
    def payable_minor(self) -> int:
        return self.goods_minor - self.discount_minor + self.delivery_minor


def price(
    lines: Sequence[Line],
    *,
    tier_discount_percent: Decimal = Decimal(0),
    delivery_minor: int = 0,
) -> Pricing:
    """Return the price of the lines, in their order, with the delivery fee added.

    Raises: ValueError for a percentage outside 0…100 or a negative fee; InvalidAmount when the order
    exceeds `MAX_MINOR`.
    """
    if delivery_minor < 0:
        raise ValueError("a delivery fee may not be negative")
    if sum(line.goods_minor for line in lines) + delivery_minor > MAX_MINOR:
        raise InvalidAmount("the order is too large")
    # Promotions, coupon and points follow here, in this order.
    steps: tuple[Step, ...] = (tier_discount(tier_discount_percent),)
    discounts = _discounts([line.goods_minor for line in lines], steps)
    priced = tuple(_priced(line, off) for line, off in zip(lines, discounts, strict=True))
    return Pricing(priced, delivery_minor)


def tier_discount(percent: Decimal) -> Step:
    """Return the step that takes `percent` per cent off."""
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise ValueError("a discount percentage lies between 0 and 100")
    rate = percent / 100
    return lambda due_minor: spread(share_down(sum(due_minor), rate), due_minor)


def _discounts(goods_minor: Sequence[int], steps: Sequence[Step]) -> list[int]:
    due = list(goods_minor)
    for step in steps:
        due = [owed - off for owed, off in zip(due, step(due), strict=True)]
    return [goods - owed for goods, owed in zip(goods_minor, due, strict=True)]


def _priced(line: Line, discount_minor: int) -> PricedLine:
    return PricedLine(
        key=line.key,
        quantity=line.quantity,
        list_unit_minor=line.list_unit_minor,
        price_unit_minor=line.price_unit_minor,
        goods_minor=line.goods_minor,
        discount_minor=discount_minor,
    )
