"""How webhooks are doing, in numbers for whoever watches the server."""

from __future__ import annotations

from dataclasses import dataclass

from models.database import fetch

_COUNTS = """
SELECT w.id, w.active, w.delivered, w.failed, w.dead,
    (SELECT COUNT(*) FROM webhook_delivery d
     WHERE d.webhook_id = w.id AND d.next_attempt_at IS NOT NULL) AS waiting,
    COALESCE((SELECT MAX(last_sequence) FROM outbox_counter), 0) - w.sequence AS unread
FROM webhook w ORDER BY w.id
"""


@dataclass(frozen=True, slots=True)
class WebhookCounts:
    """Attempts since the webhook was made; messages that wait; changes it has not looked at yet."""

    id: int
    active: bool
    delivered: int
    failed: int
    dead: int
    waiting: int
    unread: int


async def webhook_counts() -> list[WebhookCounts]:
    rows = await fetch(_COUNTS)
    return [WebhookCounts(**{**row, "active": bool(row["active"])}) for row in rows]
