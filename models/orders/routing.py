"""From where the lines of a delivery or express order are sent, and why from there.

One parcel beats a nearer split; else the fewest parcels, then the shortest total distance, then the
lower codes; a place without a known distance counts as farther than any with one.

The answer is exact for one parcel over all candidates, and for two to `MAX_EXACT_PARCELS` parcels
while no more than `MAX_SHORTLIST` candidates are worth trying: one with as many nearer ones at
least as well supplied as there are parcels never is. Beyond either limit the exact answer over the
nearest of the shortlist is compared with a greedy one over all candidates, and the better is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

MAX_EXACT_PARCELS = 4
MAX_SHORTLIST = 30

Quantities = Mapping[int, int]
"""Pieces by variant ID."""


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
    """A place that might send; `available` is what it has above its safety stock.

    `refusals` are the reasons why it may not, found before; with any it is not considered.
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
    """Nothing is sent, because `missing` pieces are nowhere to be had."""

    missing: Quantities
    candidates: tuple[Considered, ...]


Sorter = Callable[[Iterable[Candidate]], list[Candidate]]
Allocator = Callable[[Quantities, Sequence[Candidate]], Sequence[Candidate]]
"""From the demand and candidates that can meet it together to those that send."""


def nearest_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: candidate.rank)


def pick(demand: Quantities, senders: Iterable[Candidate]) -> tuple[Pick, ...]:
    """Each sender in turn gives what it can of what is still needed, by variant ID."""
    needed, picks = dict(sorted(demand.items())), []
    for sender in senders:
        for variant_id, quantity in needed.items():
            given = min(quantity, sender.available.get(variant_id, 0))
            if given > 0:
                picks.append(Pick(sender.location_id, variant_id, given, sender.distance_metres))
                needed[variant_id] -= given
    return tuple(picks)


def fewest_parcels(demand: Quantities, suppliers: Sequence[Candidate]) -> Sequence[Candidate]:
    """The best set that meets the demand; see the module for what is exact."""
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
    """Where the demand is met from.

    `sort` says in which order places are considered and give, `allocate` which of them send.

    Raises: ValueError for a quantity below one or a place named twice.
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
    """Those that may send and have something of it."""
    return [
        candidate
        for candidate in candidates
        if not candidate.refusals and any(candidate.available.get(v, 0) > 0 for v in demand)
    ]


def _capped(demand: Quantities, supplier: Candidate) -> Candidate:
    """As if it had no more than what is asked for."""
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
    taken = candidate.location_id in chosen
    reasons = candidate.refusals
    if not taken and not reasons:
        enough = _suffices(demand, candidate)
        reasons = (RefusalReason.NOT_NEEDED if enough else RefusalReason.INSUFFICIENT_STOCK,)
    return Considered(candidate.location_id, candidate.distance_metres, taken, reasons)


def _cost(senders: Sequence[Candidate]) -> tuple[int, int, int, list[str]]:
    unknown = sum(sender.distance_metres is None for sender in senders)
    metres = sum(sender.distance_metres or 0 for sender in senders)
    return len(senders), unknown, metres, sorted(sender.code for sender in senders)


def _shortlist(suppliers: Sequence[Candidate], parcels: int) -> list[Candidate]:
    """Without those that a set of so many parcels could always swap for a nearer one.

    At most one more than `MAX_SHORTLIST`, to show that there are more.
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
    """Every set of so many suppliers that meets the demand, in the order of the suppliers."""
    most = {v: _most_from(suppliers, v) for v in demand}

    def extend(
        start: int, left: int, needed: dict[int, int], chosen: tuple[Candidate, ...]
    ) -> Iterator[tuple[Candidate, ...]]:
        if not needed:
            yield chosen
            return
        for index in range(start, len(suppliers) - left + 1):
            # What the best that are left can give only shrinks from here on.
            if any(quantity > left * most[v][index] for v, quantity in needed.items()):
                return
            supplier = suppliers[index]
            rest = _less(needed, supplier.available)
            if left > 1 or not rest:
                yield from extend(index + 1, left - 1, rest, (*chosen, supplier))

    return extend(0, parcels, dict(demand), ())


def _most_from(suppliers: Sequence[Candidate], variant_id: int) -> list[int]:
    """The largest quantity that any supplier from each place on has."""
    quantities = [supplier.available.get(variant_id, 0) for supplier in reversed(suppliers)]
    return list(accumulate(quantities, max))[::-1]


def _less(needed: Mapping[int, int], given: Quantities) -> dict[int, int]:
    return {v: left for v, n in needed.items() if (left := n - given.get(v, 0)) > 0}


def _greedy(demand: Quantities, suppliers: Sequence[Candidate]) -> Sequence[Candidate]:
    """Always the one with the most of what is still needed, the nearest of equals."""
    needed, left, senders = dict(demand), list(suppliers), []
    while needed:
        best = max(
            left, key=lambda c: sum(min(n, c.available.get(v, 0)) for v, n in needed.items())
        )
        left.remove(best)
        senders.append(best)
        needed = _less(needed, best.available)
    return senders
