"""A parcel of goods that are not all there yet: what its place lacks is promised from their limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from resolvers.catalog.assortments import assortments
from resolvers.context import Context
from resolvers.orders.checkout.lines import FulfilmentDemand
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation.backorders import Offer
from resolvers.stock.levels import availability

MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Backorder:
    """What of a demand the place will have only by `expected_on`; whatever else it has now."""

    location_id: int
    pieces: Mapping[int, int]
    expected_on: date


async def find(
    ctx: Context,
    demand: FulfilmentDemand,
    places: Sequence[int],
    taken: Mapping[tuple[int, int], int],
    promised: Mapping[int, int],
) -> Backorder | None:
    """The first of the nearest `places` that can bring everything, each line wholly now or wholly later.

    `taken` and `promised` are what the same order takes already.
    """
    offers = await backorders.offers(ctx, demand.pieces) if places else {}
    if not offers:
        return None
    nearest, variants = places[:MOST_PLACES], list(demand.pieces)
    stock = await availability.at_locations(ctx, variants, nearest, counter=False)
    carried = await assortments.carried(ctx, variants, nearest)
    room = {each: offer.remaining - promised.get(each, 0) for each, offer in offers.items()}
    for place in nearest:
        left = {v: stock[v, place] - taken.get((v, place), 0) for v in variants}
        short = {v: n for v, n in demand.pieces.items() if n > left[v]}
        if all((v, place) in carried for v in variants) and _fits(short, room):
            return Backorder(place, short, _last(short, offers))
    return None


def _fits(short: Mapping[int, int], room: Mapping[int, int]) -> bool:
    return bool(short) and not Counter(short) - Counter(room)


def _last(short: Mapping[int, int], offers: Mapping[int, Offer]) -> date:
    return max(offers[each].expected_on for each in short)
