"""The fields of a variant that tell of stock; schema/catalog declares them."""

from __future__ import annotations

from collections.abc import Sequence

from models.stores.coordinates import Point
from resolvers.context import Context
from resolvers.paging import PageRequest
from resolvers.stock import variant_levels
from schema.pagination import Connection
from schema.stock.types import StockLevel


async def levels_of_variants(
    variant_ids: Sequence[int],
    ctx: Context,
    near: Point | None,
    first: int | None,
    after: str | None,
) -> list[Connection[StockLevel]]:
    """A page of levels for each variant, in their order; with `near`, the nearest locations first."""
    request = PageRequest(first=first, after=after)
    found = await variant_levels.of_variants(ctx, variant_ids, near, request)
    return [Connection.of(found[variant_id], StockLevel.of) for variant_id in variant_ids]
