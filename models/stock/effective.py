"""What may be sold of a stock level, in SQL: for lists that are cut to what is in stock."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.database import is_postgres, records

# `l` is a stock_level; the parameter is now. An expired hold counts before anybody releases it.
EFFECTIVE = (
    "(l.available + CASE WHEN l.held = 0 THEN 0 ELSE"
    " (SELECT COALESCE(SUM(h.quantity), 0) FROM stock_hold h"
    " WHERE h.level_id = l.id AND h.status = 'HELD' AND h.expires_at <= ?) END)"
)


def above(floor: str, of: str = EFFECTIVE) -> str:
    """How many of the pieces of a level may be sold when `floor` of them stay, in SQL."""
    greatest = "GREATEST" if is_postgres() else "MAX"
    return f"{greatest}({of} - {floor}, 0)"


_EXPIRE = (
    "SELECT 1 FROM stock_hold WHERE status = 'HELD' AND expires_at > ? AND expires_at <= ? LIMIT 1"
)


async def at_latest_change(now: datetime) -> datetime:
    """The beginning of this minute if no hold expires in it, else now: what may be sold is the same.

    A statement that asks for one moment a minute can be kept.
    """
    minute = now.replace(second=0, microsecond=0)
    return now if await records(_EXPIRE, minute, minute + timedelta(minutes=1)) else minute
