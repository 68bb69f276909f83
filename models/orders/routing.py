"""The choice of locations that send the lines of a delivery or express order, with the reasons.

One parcel precedes a nearer split. Otherwise the fewest parcels are chosen, then the shortest total
distance, then the lower codes. A location without a known distance ranks behind every location with one.

The result is exact for one parcel over all candidates. It is exact for two to `MAX_EXACT_PARCELS` parcels
if at most `MAX_SHORTLIST` candidates are relevant. A candidate is irrelevant if at least as many nearer
candidates as there are parcels supply everything that it supplies. Beyond either limit the exact result
over the nearest of the shortlist is compared with a greedy one over all candidates, and the better is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

MAX_EXACT_PARCELS = 4
MAX_SHORTLIST = 30

Quantities = Mapping[int, int]
"""Quantities by variant ID."""


class RefusalReason(StrEnum):
    INACTIVE = "INACTIVE"
    SERVICE_NOT_OFFERED = "SERVICE_NOT_OFFERED"
    OUT_OF_RADIUS = "OUT_OF_RADIUS"
    CLOSED = "CLOSED"
    ALREADY_REJECTED = "ALREADY_REJECTED"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    NOT_NEEDED = "NOT_NEEDED"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location that might send; `available` is its stock above the safety stock.

    `refusals` are reasons, found before, why it may not send; with any it is not considered.
    """

    location_id: int
    code: str
    distance_metres: int | None
    available: Quantities
    refusals: tuple[RefusalReason, ...] = ()

    @property
    def rank(self) -> tuple[bool, int, str, int]:
        unknown = self.distance_metres is None
        return unknown, self.distance_metres or 0, self.code, self.location_id


@dataclass(frozen=True, slots=True)
class Pick:
    location_id: int
    variant_id: int
    quantity: int
    distance_metres: int | None


@dataclass(frozen=True, slots=True)
class Considered:
    location_id: int
    distance_metres: int | None
    chosen: bool
    refused_because: tuple[RefusalReason, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    picks: tuple[Pick, ...]
    candidates: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Nothing is sent because no candidate has the `missing` quantities."""

    missing: Quantities
    candidates: tuple[Considered, ...]


Sorter = Callable[[Iterable[Candidate]], list[Candidate]]
Allocator = Callable[[Quantities, Sequence[Candidate]], Sequence[Candidate]]
"""A function from the demand and candidates that can meet it together to the candidates that send."""


def nearest_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: candidate.rank)


def pick(demand: Quantities, senders: Iterable[Candidate]) -> tuple[Pick, ...]:
    """Take from each sender, in order, what it has of what is still needed, by variant ID."""
    needed, picks = dict(sorted(demand.items())), []
    for sender in senders:
        for variant_id, quantity in needed.items():
            given = min(quantity, sender.available.get(variant_id, 0))
            if given > 0:
                picks.append(Pick(sender.location_id, variant_id, given, sender.distance_metres))
                needed[variant_id] -= given
    return tuple(picks)


def fewest_parcels(demand: Quantities, suppliers: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the best set of candidates that meets the demand; see the module for when it is exact."""
    suppliers = nearest_first(suppliers)
    for supplier in suppliers:
        if _suffices(demand, supplier):
            return [supplier]
    suppliers = [_capped(demand, supplier) for supplier in suppliers]
    for parcels in range(2, MAX_EXACT_PARCELS + 1):
        shortlist = _shortlist(suppliers, parcels)
        nearest = shortlist[:MAX_SHORTLIST]
        best = min(_covers(demand, nearest, parcels), key=_cost, default=None)
        if best:
            return (
                best if nearest == shortlist else min(best, _greedy(demand, suppliers), key=_cost)
            )
    return _greedy(demand, suppliers)


def decide(
    demand: Quantities,
    candidates: Iterable[Candidate],
    *,
    sort: Sorter = nearest_first,
    allocate: Allocator = fewest_parcels,
) -> Decision | Shortage:
    """Choose the locations that meet the demand.

    `sort` orders the candidates, `allocate` chooses those that send.

    Raises: ValueError for a quantity below one or a duplicate location.
    """
    if any(quantity < 1 for quantity in demand.values()):
        raise ValueError("a demand is at least one piece")
    considered = sort(candidates)
    if len({candidate.location_id for candidate in considered}) != len(considered):
        raise ValueError("a place is a candidate once")
    suppliers = _suppliers(demand, considered)
    missing = _missing(demand, suppliers)
    if missing:
        return Shortage(missing, tuple(_account(c, demand, set()) for c in considered))
    picks = pick(demand, sort(allocate(demand, suppliers)))
    chosen = {each.location_id for each in picks}
    return Decision(picks, tuple(_account(c, demand, chosen) for c in considered))


def _suppliers(demand: Quantities, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates that may send and have some of the demand."""
    return [
        candidate
        for candidate in candidates
        if not candidate.refusals and any(candidate.available.get(v, 0) > 0 for v in demand)
    ]


def _capped(demand: Quantities, supplier: Candidate) -> Candidate:
    """Return the supplier with its stock limited to the demand."""
    has = supplier.available
    return replace(
        supplier, available={v: min(n, has[v]) for v, n in demand.items() if has.get(v, 0) > 0}
    )


def _suffices(demand: Quantities, supplier: Candidate) -> bool:
    return all(supplier.available.get(v, 0) >= n for v, n in demand.items())


def _missing(demand: Quantities, suppliers: Sequence[Candidate]) -> dict[int, int]:
    short = {
        variant_id: quantity - sum(c.available.get(variant_id, 0) for c in suppliers)
        for variant_id, quantity in demand.items()
    }
    return {variant_id: quantity for variant_id, quantity in short.items() if quantity > 0}


def _account(candidate: Candidate, demand: Quantities, chosen: set[int]) -> Considered:
    is_chosen = candidate.location_id in chosen
    reasons = candidate.refusals
    if not is_chosen and not reasons:
        enough = _suffices(demand, candidate)
        reasons = (RefusalReason.NOT_NEEDED if enough else RefusalReason.INSUFFICIENT_STOCK,)
    return Considered(candidate.location_id, candidate.distance_metres, is_chosen, reasons)


def _cost(senders: Sequence[Candidate]) -> tuple[int, int, int, list[str]]:
    unknown = sum(sender.distance_metres is None for sender in senders)
    metres = sum(sender.distance_metres or 0 for sender in senders)
    return len(senders), unknown, metres, sorted(sender.code for sender in senders)


def _shortlist(suppliers: Sequence[Candidate], parcels: int) -> list[Candidate]:
    """Omit suppliers that a set of this many parcels could always swap for a nearer one.

    Return at most one more than `MAX_SHORTLIST`, to show that there are more.
    """
    kept: list[Candidate] = []
    for supplier in suppliers:
        better = sum(_supplies_as_much(nearer, supplier) for nearer in kept)
        if better < parcels:
            kept.append(supplier)
        if len(kept) > MAX_SHORTLIST:
            break
    return kept


def _supplies_as_much(one: Candidate, other: Candidate) -> bool:
    return all(one.available.get(variant, 0) >= n for variant, n in other.available.items())


def _covers(
    demand: Quantities, suppliers: Sequence[Candidate], parcels: int
) -> Iterator[tuple[Candidate, ...]]:
    """Return every set of this many suppliers that meets the demand, in the order of the suppliers."""
    most = {v: _most_from(suppliers, v) for v in demand}

    def extend(
        start: int, left: int, needed: dict[int, int], chosen: tuple[Candidate, ...]
    ) -> Iterator[tuple[Candidate, ...]]:
        if not needed:
            yield chosen
            return
        for index in range(start, len(suppliers) - left + 1):
            # The quantity that the remaining suppliers can give only decreases from here on.
            if any(quantity > left * most[v][index] for v, quantity in needed.items()):
                return
            supplier = suppliers[index]
            rest = _less(needed, supplier.available)
            if left > 1 or not rest:
                yield from extend(index + 1, left - 1, rest, (*chosen, supplier))

    return extend(0, parcels, dict(demand), ())


def _most_from(suppliers: Sequence[Candidate], variant_id: int) -> list[int]:
    """Return the largest quantity of any supplier from each position on."""
    quantities = [supplier.available.get(variant_id, 0) for supplier in reversed(suppliers)]
    return list(accumulate(quantities, max))[::-1]


def _less(needed: Mapping[int, int], given: Quantities) -> dict[int, int]:
    return {v: left for v, n in needed.items() if (left := n - given.get(v, 0)) > 0}


def _greedy(demand: Quantities, suppliers: Sequence[Candidate]) -> Sequence[Candidate]:
    """Choose repeatedly the supplier with the most of what is still needed, the nearest of equals."""
    needed, left, senders = dict(demand), list(suppliers), []
    while needed:
        best = max(
            left, key=lambda c: sum(min(n, c.available.get(v, 0)) for v, n in needed.items())
        )
        left.remove(best)
        senders.append(best)
        needed = _less(needed, best.available)
    return senders
