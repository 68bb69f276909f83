"""What may be sold of a stock level, in SQL: one formula for every list that asks for stock."""

from __future__ import annotations

# `l` is a stock_level; the parameter is now. An expired hold counts before anybody releases it.
EFFECTIVE = (
    "(l.available + COALESCE((SELECT SUM(h.quantity) FROM stock_hold h"
    " WHERE h.level_id = l.id AND h.status = 'HELD' AND h.expires_at <= ?), 0))"
)
