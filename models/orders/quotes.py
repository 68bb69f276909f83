"""The promise of a quote, and the differences when it cannot be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.orders.states import FulfilmentMethod


class NoticeKind(StrEnum):
    PRICE_UP = "PRICE_UP"
    PRICE_DOWN = "PRICE_DOWN"
    NOT_ENOUGH = "NOT_ENOUGH"
    NOT_SOLD_HERE = "NOT_SOLD_HERE"
    PROMOTION_GAINED = "PROMOTION_GAINED"
    PROMOTION_LOST = "PROMOTION_LOST"
    FEE_CHANGED = "FEE_CHANGED"
    PLACE_CHANGED = "PLACE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One difference from what the customer last saw; if it concerns several variants, it names the first."""

    kind: NoticeKind
    variant_id: int
    before_minor: int | None = None
    after_minor: int | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True)
class PromisedLine:
    """A quantity of one variant at a unit price, and the discount on all of it."""

    variant_id: int
    quantity: int
    unit_minor: int
    discount_minor: int

    @property
    def total_minor(self) -> int:
        return self.unit_minor * self.quantity - self.discount_minor


@dataclass(frozen=True, slots=True)
class PromisedFulfilment:
    """Goods that one location hands over in one way, and the fee.

    `awaited` goods arrive by `awaits_until`.
    """

    method: FulfilmentMethod
    location_id: int
    pieces: Mapping[int, int]
    fee_minor: int = 0
    awaited: Mapping[int, int] = field(default_factory=dict)
    awaits_until: date | None = None

    @property
    def key(self) -> tuple[str, int, tuple[tuple[int, int], ...]]:
        """The method, location and goods; fulfilments with equal keys are interchangeable."""
        return self.method, self.location_id, tuple(sorted(self.pieces.items()))

    @property
    def origin(self) -> tuple[str, int]:
        return self.method, self.location_id

    def is_kept_by(self, other: PromisedFulfilment) -> bool:
        """Return whether `other` brings the same goods without more waiting or a later date."""
        waits = all(n <= self.awaited.get(v, 0) for v, n in other.awaited.items())
        until = other.awaits_until is None or (
            self.awaits_until is not None and other.awaits_until <= self.awaits_until
        )
        return self.key == other.key and waits and until


@dataclass(frozen=True, slots=True)
class Promise:
    """Everything that a quote binds; its prices are for the member `member_id`."""

    member_id: int | None
    lines: Sequence[PromisedLine]
    parcels: Sequence[PromisedFulfilment]
    delivery_minor: int

    @property
    def payable_minor(self) -> int:
        return sum(line.total_minor for line in self.lines) + self.delivery_minor

    @property
    def pieces(self) -> dict[int, int]:
        return {line.variant_id: line.quantity for line in self.lines}

    def origins_of(self, variant_id: int) -> set[tuple[str, int]]:
        """Return the methods and locations by which the variant is delivered."""
        return {each.origin for each in self.parcels if variant_id in each.pieces}

    def is_kept_by(self, parcels: Sequence[PromisedFulfilment]) -> bool:
        if len(parcels) != len(self.parcels):
            return False
        pairs = zip(_sorted(self.parcels), _sorted(parcels), strict=True)
        return all(promised.is_kept_by(found) for promised, found in pairs)

    def fees_of(self, parcels: Sequence[PromisedFulfilment]) -> list[int]:
        """Return the promised fee of each of these fulfilments, which keep this promise."""
        fees: dict[object, list[int]] = {}
        for promised in self.parcels:
            fees.setdefault(promised.key, []).append(promised.fee_minor)
        return [fees[each.key].pop() for each in parcels]


def differences(before: Promise, after: Promise) -> Iterator[Notice]:
    """Yield what costs a different amount in `after` or comes from elsewhere."""
    now = {line.variant_id: line for line in after.lines}
    for line in before.lines:
        if other := now.get(line.variant_id):
            yield from _price(line, other)
    if before.delivery_minor != after.delivery_minor:
        yield Notice(
            kind=NoticeKind.FEE_CHANGED,
            variant_id=after.lines[0].variant_id,
            before_minor=before.delivery_minor,
            after_minor=after.delivery_minor,
        )
    for variant_id in before.pieces:
        if after.origins_of(variant_id) - before.origins_of(variant_id):
            yield Notice(kind=NoticeKind.PLACE_CHANGED, variant_id=variant_id)


def price_notice(before_minor: int, after_minor: int, variant_id: int) -> Notice:
    """Return the notice of two different amounts."""
    up = after_minor > before_minor
    return Notice(
        kind=NoticeKind.PRICE_UP if up else NoticeKind.PRICE_DOWN,
        variant_id=variant_id,
        before_minor=before_minor,
        after_minor=after_minor,
    )


def _price(before: PromisedLine, after: PromisedLine) -> Iterator[Notice]:
    """Yield a notice of the unit price, or of the total if only the discount differs."""
    if before.unit_minor != after.unit_minor:
        yield price_notice(before.unit_minor, after.unit_minor, before.variant_id)
    elif before.quantity == after.quantity and before.total_minor != after.total_minor:
        yield price_notice(before.total_minor, after.total_minor, before.variant_id)


def _sorted(parcels: Sequence[PromisedFulfilment]) -> list[PromisedFulfilment]:
    return sorted(parcels, key=lambda each: each.key)
