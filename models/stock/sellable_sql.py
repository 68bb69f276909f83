"""SQL for the sellable quantity of a stock level, for lists that filter or sort by it."""

from __future__ import annotations

from datetime import datetime

from models.database import is_postgres, records

# The available quantity of a stock_level `l` with expired holds; the parameter is the current time.
EFFECTIVE = (
    "(l.available + CASE WHEN l.held = 0 THEN 0 ELSE"
    " (SELECT COALESCE(SUM(h.quantity), 0) FROM stock_hold h"
    " WHERE h.level_id = l.id AND h.status = 'HELD' AND h.expires_at <= ?) END)"
)


def above(floor: str, of: str = EFFECTIVE) -> str:
    """Return SQL for how far the quantity `of` exceeds `floor`, at least 0."""
    greatest = "GREATEST" if is_postgres() else "MAX"
    return f"{greatest}({of} - {floor}, 0)"


_EXPIRES = (
    "SELECT 1 FROM stock_hold WHERE status = 'HELD' AND expires_at > ? AND expires_at <= ? LIMIT 1"
)


async def any_expires(after: datetime, until: datetime) -> bool:
    """Return whether any hold expires later than `after` and not later than `until`."""
    return bool(await records(_EXPIRES, after, until))
