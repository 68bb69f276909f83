"""How many pieces were sold at a place: those that a customer took, by the ledger.

One index holds just the sales, by place, variant and moment, with their pieces, so a level's are added up
from the index alone.
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

# `l` is a stock_level; the parameter is the moment from which on is counted.
_SALES = (
    "FROM stock_movement m WHERE m.reason = 'SALE' AND m.location_id = l.location_id"
    " AND m.variant_id = l.variant_id AND m.created_at >= ?"
)
ANY_SOLD = f"EXISTS (SELECT 1 {_SALES})"
_SOLD = f"(SELECT COALESCE(SUM(m.quantity), 0) {_SALES})"


@for_anyone
async def of_levels(ctx: Context, level_ids: Sequence[int], days: int) -> dict[int, int]:
    """The pieces sold in the last so many days at each of the levels where the caller may read stock.

    One statement for all of them. Raises: InvalidInput for a number of days that is not counted.
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
    """The moment so many days ago. Raises: InvalidInput naming `path`."""
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(
            "{name} must lie between {minimum} and {maximum}.",
            path=path,
            name=path[-1],
            minimum=1,
            maximum=LONGEST_DAYS,
        )
    return ctx.now() - timedelta(days=days)
