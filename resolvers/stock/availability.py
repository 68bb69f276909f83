"""How much can be sold right now: what stands there, with expired holds, above the safety stock."""

from __future__ import annotations

from collections.abc import Sequence

from models.catalog.assortments import CARRIED
from models.database import fetch, marks, up_to_date
from models.stock.effective import EFFECTIVE
from models.stock.rules import sellable
from resolvers.context import Context

_OPEN = f"l.location_id NOT IN (SELECT id FROM location WHERE active = FALSE) AND {CARRIED}"


@up_to_date
async def of_variants(ctx: Context, variant_ids: Sequence[int]) -> dict[int, int]:
    """What the caller's channel may still buy of each variant, at all active locations that carry it."""
    floor = "0" if ctx.channel.is_counter else "safety_stock"
    wanted = sorted(set(variant_ids))
    rows = await fetch(
        f"SELECT variant_id, SUM(CASE WHEN effective > {floor} THEN effective - {floor} ELSE 0 END)"
        f" AS sellable FROM (SELECT l.variant_id, l.safety_stock, {EFFECTIVE} AS effective"
        f" FROM stock_level l WHERE l.variant_id IN ({marks(wanted)}) AND {_OPEN}) AS standing"
        " GROUP BY variant_id",
        ctx.now(),
        *wanted,
    )
    return dict.fromkeys(wanted, 0) | {row["variant_id"]: int(row["sellable"]) for row in rows}


@up_to_date
async def at_locations(
    ctx: Context, variant_ids: Sequence[int], location_ids: Sequence[int], *, counter: bool
) -> dict[tuple[int, int], int]:
    """What may be sold of each variant at each location, 0 where it is closed or does not carry it.

    A counter may sell the safety stock too.

    Keys are (variant ID, location ID), one for every pair that was asked for.
    """
    variants, locations = sorted(set(variant_ids)), sorted(set(location_ids))
    rows = await fetch(
        f"SELECT l.variant_id, l.location_id, l.safety_stock, {EFFECTIVE} AS effective"
        f" FROM stock_level l WHERE l.variant_id IN ({marks(variants)})"
        f" AND l.location_id IN ({marks(locations)}) AND {_OPEN}",
        ctx.now(),
        *variants,
        *locations,
    )
    found = {(variant, location): 0 for variant in variants for location in locations}
    for row in rows:
        found[row["variant_id"], row["location_id"]] = sellable(
            int(row["effective"]), row["safety_stock"], counter=counter
        )
    return found
