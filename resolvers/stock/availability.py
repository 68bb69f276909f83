"""How much can be sold right now: what stands there, with expired holds, above the safety stock."""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, marks
from models.stock.rules import sellable
from resolvers.context import Context

# Holds that have expired count as available before anybody releases them; most levels have none.
EXPIRED = """CASE WHEN level.held = 0 THEN 0 ELSE (
  SELECT COALESCE(SUM(hold.quantity), 0) FROM stock_hold AS hold
  WHERE hold.level_id = level.id AND hold.status = 'HELD' AND hold.expires_at <= ?) END"""
_CLOSED = "SELECT id FROM location WHERE NOT active"


async def of_variants(ctx: Context, variant_ids: Sequence[int]) -> dict[int, int]:
    """What the caller's channel may still buy of each variant, at all active locations together."""
    safety = "0" if ctx.channel.is_counter else "safety_stock"
    wanted = sorted(set(variant_ids))
    rows = await fetch(
        f"SELECT variant_id, SUM(CASE WHEN effective > {safety} THEN effective - {safety} ELSE 0 END)"
        " AS available FROM ("
        f"SELECT level.variant_id, level.safety_stock, level.available + {EXPIRED} AS effective"
        f" FROM stock_level AS level WHERE level.variant_id IN ({marks(wanted)})"
        f" AND level.location_id NOT IN ({_CLOSED})) AS standing GROUP BY variant_id",
        ctx.now(),
        *wanted,
    )
    return dict.fromkeys(wanted, 0) | {row["variant_id"]: int(row["available"]) for row in rows}


async def at_locations(
    ctx: Context, variant_ids: Sequence[int], location_ids: Sequence[int], *, counter: bool
) -> dict[tuple[int, int], int]:
    """What may be sold of each variant at each location, 0 where it is closed; a counter may sell it all.

    Keys are (variant ID, location ID), one for every pair that was asked for.
    """
    variants, locations = sorted(set(variant_ids)), sorted(set(location_ids))
    rows = await fetch(
        "SELECT level.variant_id, level.location_id, level.safety_stock,"
        f" level.available + {EXPIRED} AS effective FROM stock_level AS level"
        f" WHERE level.variant_id IN ({marks(variants)})"
        f" AND level.location_id IN ({marks(locations)})"
        f" AND level.location_id NOT IN ({_CLOSED})",
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
