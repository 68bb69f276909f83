"""The sellable quantity of variants: available units and expired holds, online without the safety stock."""

from __future__ import annotations

from collections.abc import Sequence

from models.catalog.assortments import CARRIED
from models.database import any_id, any_of, array, fetch, records
from models.read_consistency import up_to_date
from models.stock.levels import LevelKey
from models.stock.rules import sellable
from models.stock.sellable_sql import EFFECTIVE, above
from resolvers.context import Context
from resolvers.validation import INT32_MAX

# The location of a level `l` is active and carries the variant. The first operands run once per statement.
_CLOSED = "(SELECT id FROM location WHERE active = FALSE)"
OPEN = f"(NOT EXISTS {_CLOSED} OR l.location_id NOT IN {_CLOSED}) AND {CARRIED}"


@up_to_date
async def of_variants(ctx: Context, variant_ids: Sequence[int]) -> dict[int, int]:
    """Return the units of each variant that the caller's channel may buy, at active locations that carry it.

    The first statement has no time parameter, so its rows can be cached. Variants with held units are read
    again with expired holds, all in one statement and thus one snapshot. Totals are at most INT32_MAX.
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
    return (
        f"SELECT l.variant_id, SUM({sellable}), MAX(l.held) FROM stock_level l"
        f" WHERE {any_id('l.variant_id')} AND {OPEN} GROUP BY l.variant_id"
    )


@up_to_date
async def at_locations(
    ctx: Context, variant_ids: Sequence[int], location_ids: Sequence[int], *, counter: bool
) -> dict[LevelKey, int]:
    """Return the sellable units of each variant at each location, by level key.

    Every pair has an entry; it is 0 if the location is closed or does not carry the variant. A `counter` may
    sell the safety stock.
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
