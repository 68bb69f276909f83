"""Units sold at levels in recent days, by the ledger.

A partial covering index of sales, by location, variant and time, serves the sums without reading the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.accounts.roles import Permission
from models.database import any_id, array, records
from models.errors import InvalidInput
from models.stock.health import LONGEST_DAYS
from resolvers.context import Context
from resolvers.permissions import for_anyone, may
from resolvers.validation import INT32_MAX

# The sales of a stock_level `l`; the parameter is the earliest time.
_SALES = (
    "FROM stock_movement m WHERE m.reason = 'SALE' AND m.location_id = l.location_id"
    " AND m.variant_id = l.variant_id AND m.created_at >= ?"
)
ANY_SOLD = f"EXISTS (SELECT 1 {_SALES})"
_SOLD = f"(SELECT COALESCE(SUM(m.quantity), 0) {_SALES})"


@for_anyone
async def of_levels(ctx: Context, level_ids: Sequence[int], days: int) -> dict[int, int]:
    """Return the units sold at each level in the last `days` times 24 hours, where the caller reads stock.

    Raises: InvalidInput for a number of days out of range.
    """
    since = since_days(ctx, days, "days")
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return {}
    rows = await records(
        f"SELECT l.id, n.path, {_SOLD} FROM stock_level l JOIN location o ON o.id = l.location_id"
        f" JOIN organisation n ON n.id = o.organisation_id WHERE {any_id('l.id')}",
        since,
        array(set(level_ids)),
    )
    return {
        level_id: min(sold, INT32_MAX)
        for level_id, path, sold in rows
        if may(ctx, Permission.STOCK_READ, path)
    }


def since_days(ctx: Context, days: int, *path: str) -> datetime:
    """Return the time `days` days ago. Raises: InvalidInput naming `path`."""
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(
            "{name} must lie between {minimum} and {maximum}.",
            path=path,
            name=path[-1],
            minimum=1,
            maximum=LONGEST_DAYS,
        )
    return ctx.now() - timedelta(days=days)
