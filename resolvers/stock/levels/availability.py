"""How much can be sold right now: what stands there, with expired holds, above the safety stock."""

from __future__ import annotations

from collections.abc import Sequence

from models.catalog.assortments import CARRIED
from models.database import any_id, any_of, array, fetch, records
from models.read_consistency import up_to_date
from models.stock.rules import sellable
from models.stock.sellable_sql import EFFECTIVE, above
from resolvers.context import Context
from resolvers.validation import INT32_MAX

# Of a level `l`: its place is open and carries the variant; each first look is made once for all rows.
_CLOSED = "(SELECT id FROM location WHERE active = FALSE)"
OPEN = f"(NOT EXISTS {_CLOSED} OR l.location_id NOT IN {_CLOSED}) AND {CARRIED}"


@up_to_date
async def of_variants(ctx: Context, variant_ids: Sequence[int]) -> dict[int, int]:
    """What the caller's channel may still buy of each variant, at all active locations that carry it.

    Most variants have nothing on hold, so the moment does not matter for them; the others are added up
    again with what has expired, each in one statement, so that no number is of two moments. What is more
    than a number can tell is told as the largest.
    """
    found = dict.fromkeys(variant_ids, 0)
    floor = "0" if ctx.channel.is_counter else "l.safety_stock"
    rows = await records(_total(above(floor, of="l.available")), array(found))
    found.update((variant_id, min(sellable, INT32_MAX)) for variant_id, sellable, _ in rows)
    if held := [variant_id for variant_id, _, most_held in rows if most_held]:
        rows = await records(_total(above(floor)), ctx.now(), array(held))
        found.update(
            (variant_id, min(int(sellable), INT32_MAX)) for variant_id, sellable, _ in rows
        )
    return found


def _total(sellable: str) -> str:
    """The statement that adds up the levels of variants."""
    return (
        f"SELECT l.variant_id, SUM({sellable}), MAX(l.held) FROM stock_level l"
        f" WHERE {any_id('l.variant_id')} AND {OPEN} GROUP BY l.variant_id"
    )


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
        f" FROM stock_level l WHERE {any_of('l.variant_id')} AND {any_of('l.location_id')}"
        f" AND {OPEN}",
        ctx.now(),
        array(variants),
        array(locations),
    )
    found = {(variant, location): 0 for variant in variants for location in locations}
    for row in rows:
        found[row["variant_id"], row["location_id"]] = sellable(
            int(row["effective"]), row["safety_stock"], counter=counter
        )
    return found
