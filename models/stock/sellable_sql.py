"""What may be sold of a stock level, in SQL: for lists that are cut to what is in stock."""

from __future__ import annotations

from datetime import datetime

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


_EXPIRES = (
    "SELECT 1 FROM stock_hold WHERE status = 'HELD' AND expires_at > ? AND expires_at <= ? LIMIT 1"
)


async def any_expires(after: datetime, until: datetime) -> bool:
    """Whether any hold does."""
    return bool(await records(_EXPIRES, after, until))
