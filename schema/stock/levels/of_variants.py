"""The fields of a variant that tell of stock; schema/catalog declares them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import strawberry

from models.stores.coordinates import Point
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock import level_lists
from resolvers.stock.allocation import backorders
from resolvers.stock.levels import by_variant
from schema.stock.levels.lists import StockLevelConnection
from schema.stock.types import StockLevel


@strawberry.type(description="What may be ordered of a variant before it is there.")
class Backorder:
    """What may still be sold of a variant that is not in stock."""

    limit: int
    remaining: int = strawberry.field(description="How many more pieces may be promised now.")
    expected_on: date


async def levels_of_variants(
    variant_ids: Sequence[int],
    ctx: Context,
    near: Point | None,
    first: int | None,
    after: str | None,
) -> list[StockLevelConnection]:
    """A page of levels for each variant, in their order; with `near`, the nearest locations first."""
    request = PageRequest(first=first, after=after)
    found = await by_variant.of_variants(ctx, variant_ids, near, request)
    tally = level_lists.tally_of_variants(ctx, variant_ids, by_distance=near is not None)
    return [
        StockLevelConnection.of(found[variant_id], StockLevel.of, tally, variant_id)
        for variant_id in variant_ids
    ]


async def backorders_of_variants(
    variant_ids: Sequence[int], ctx: Context
) -> list[Backorder | None]:
    """What may be promised of each variant, in their order."""
    found = await backorders.offers(ctx, variant_ids)
    return [
        Backorder(limit=offer.limit, remaining=offer.remaining, expected_on=offer.expected_on)
        if (offer := found.get(variant_id))
        else None
        for variant_id in variant_ids
    ]
