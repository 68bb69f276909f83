"""The quantity on hand of variants, at the locations whose stock the caller may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.accounts.roles import Permission
from models.database import any_id, any_of, array, records
from models.read_consistency import up_to_date
from models.stock.rules import COLUMNS
from models.stores.locations import Location
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone, scoped
from resolvers.stock.levels import availability
from resolvers.validation import INT32_MAX

_MEMORY = "locations whose stock is readable"
_ON_HAND = " + ".join(f"l.{column}" for column in COLUMNS)


@for_anyone
@up_to_date
async def of_variants(ctx: Context, variant_ids: Sequence[int]) -> dict[int, int]:
    """Return the units of each variant in all states, over the locations whose stock the caller may read.

    Callers without STOCK_READ get the sellable quantity, as in levels.
    """
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return await availability.of_variants(ctx, variant_ids)
    found = dict.fromkeys(variant_ids, 0)
    location_ids = await readable(ctx)
    where = "1 = 1" if location_ids is None else any_of("+l.location_id")
    rows = await records(
        f"SELECT l.variant_id, SUM({_ON_HAND}) FROM stock_level l"
        f" WHERE {any_id('l.variant_id')} AND {where} GROUP BY l.variant_id",
        array(found),
        *([] if location_ids is None else [array(location_ids)]),
    )
    return found | {variant_id: min(quantity, INT32_MAX) for variant_id, quantity in rows}


async def readable(ctx: Context) -> Sequence[Any] | None:
    """Return the IDs of the locations whose stock the caller may read; None for all. Cached per request."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return None
    if _MEMORY not in ctx.memory:
        query = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")
        ctx.memory[_MEMORY] = await query.values_list("id", flat=True)
    found: Sequence[Any] = ctx.memory[_MEMORY]
    return found
