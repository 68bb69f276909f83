"""What may be sold of a stock level, in SQL: for lists that are cut to what is in stock."""

from __future__ import annotations

# `l` is a stock_level; the parameter is now. An expired hold counts before anybody releases it.
EFFECTIVE = (
    "(l.available + CASE WHEN l.held = 0 THEN 0 ELSE"
    " (SELECT COALESCE(SUM(h.quantity), 0) FROM stock_hold h"
    " WHERE h.level_id = l.id AND h.status = 'HELD' AND h.expires_at <= ?) END)"
)
