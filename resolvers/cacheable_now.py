"""Asking for a moment at which all is as it is now, so that what is answered can be kept for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.stock.sellable_sql import any_expires
from resolvers.context import Context

_A_MINUTE = timedelta(minutes=1)


async def of_holds(ctx: Context) -> datetime:
    """The beginning of this minute if no hold expires in it, else now: what may be sold is the same."""
    minute = ctx.clock().replace(second=0, microsecond=0)
    if await any_expires(minute, minute + _A_MINUTE):
        return ctx.now()
    ctx.holds_until(minute + _A_MINUTE)
    return minute
