"""Fulfilments of goods that have not all arrived: what is missing is sold within the backorder limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from resolvers.catalog.assortments import assortments
from resolvers.context import Context
from resolvers.orders.checkout.lines import FulfilmentDemand, LevelKey
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation.backorders import Offer
from resolvers.stock.levels import availability

MOST_LOCATIONS = 50


@dataclass(frozen=True, slots=True)
class Backorder:
    """The quantities, by variant ID, that a location will have only by `expected_on`; it has the rest now."""

    location_id: int
    quantities: Mapping[int, int]
    expected_on: date


async def find(
    ctx: Context,
    demand: FulfilmentDemand,
    location_ids: Sequence[int],
    planned: Mapping[LevelKey, int],
    backordered: Mapping[int, int],
) -> Backorder | None:
    """Return the nearest location that can bring everything, each line either now or later as a whole.

    `location_ids` come nearest first. `planned` and `backordered` are what the same order needs already.
    """
    offers = await backorders.offers(ctx, demand.quantities) if location_ids else {}
    if not offers:
        return None
    nearest, variants = location_ids[:MOST_LOCATIONS], list(demand.quantities)
    stock = await availability.at_locations(ctx, variants, nearest, counter=False)
    carried = await assortments.carried(ctx, variants, nearest)
    room = {each: offer.remaining - backordered.get(each, 0) for each, offer in offers.items()}
    for location_id in nearest:
        keys = {v: (v, location_id) for v in variants}
        left = {v: stock[key] - planned.get(key, 0) for v, key in keys.items()}
        short = {v: n for v, n in demand.quantities.items() if n > left[v]}
        if carried.issuperset(keys.values()) and _fits(short, room):
            return Backorder(location_id, short, _last(short, offers))
    return None


def _fits(short: Mapping[int, int], room: Mapping[int, int]) -> bool:
    return bool(short) and not Counter(short) - Counter(room)


def _last(short: Mapping[int, int], offers: Mapping[int, Offer]) -> date:
    return max(offers[each].expected_on for each in short)
