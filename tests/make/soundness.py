"""What must be true of a database at any moment, whoever was killed while writing to it."""

from __future__ import annotations

from models.database import fetch
from resolvers.context import Context
from resolvers.stock import audit

# Each finds what must not be there.
CONTRADICTIONS = {
    "an order of which only a part was written": """
        SELECT o.id FROM sales_order o
        WHERE NOT EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id)
          OR NOT EXISTS (SELECT 1 FROM fulfilment f WHERE f.order_id = o.id)
          OR NOT EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = o.id)
          OR NOT EXISTS (SELECT 1 FROM stock_hold h WHERE h.order_id = o.id)
            AND NOT EXISTS (SELECT 1 FROM stock_promise p WHERE p.order_id = o.id)""",
    "a backorder that owes other than its promises": """
        SELECT b.id FROM stock_backorder b WHERE b.promised <> COALESCE((
          SELECT SUM(p.quantity - p.filled) FROM stock_promise p
          WHERE p.variant_id = b.variant_id AND p.status IN ('HELD', 'AWAITED')), 0)""",
    "a fulfilment that waits for nothing, or does not wait for what it awaits": """
        SELECT f.id FROM fulfilment f WHERE f.assigned_at IS NOT NULL AND f.status <> 'CANCELLED'
          AND (f.awaits_until IS NOT NULL) <> EXISTS (SELECT 1 FROM stock_promise p
            WHERE p.fulfilment_id = f.id AND p.status = 'AWAITED')""",
    "an unpaid order that holds what was paid for": """
        SELECT o.id FROM sales_order o JOIN stock_hold h ON h.order_id = o.id
        WHERE o.status = 'PENDING_PAYMENT' AND h.status NOT IN ('HELD', 'RELEASED')""",
    "a paid order whose pieces are not committed": """
        SELECT o.id FROM sales_order o JOIN stock_hold h ON h.order_id = o.id
        WHERE o.status = 'PAID' AND h.status NOT IN ('COMMITTED', 'TAKEN', 'WITHDRAWN')""",
    "a cancelled order that keeps pieces": """
        SELECT o.id FROM sales_order o JOIN stock_hold h ON h.order_id = o.id
        WHERE o.status = 'CANCELLED' AND h.status IN ('HELD', 'COMMITTED')""",
    "a paid order that was not paid what it costs": """
        SELECT id FROM sales_order WHERE status NOT IN ('PENDING_PAYMENT', 'CANCELLED')
          AND (paid_minor < payable_minor OR paid_at IS NULL)""",
    "an order that says other than its payments what was paid": """
        SELECT o.id FROM sales_order o WHERE o.paid_minor <> COALESCE((SELECT SUM(p.amount_minor)
          FROM payment p WHERE p.order_id = o.id
          AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')), 0)""",
    "more money given back than was paid": """
        SELECT id FROM sales_order WHERE refunded_minor > paid_minor""",
    "a key that two orders were placed with": """
        SELECT scope, key FROM idempotency_record GROUP BY scope, key HAVING COUNT(*) > 1""",
    "more placings on record than orders, or fewer": """
        SELECT 1 AS id WHERE (SELECT COUNT(*) FROM sales_order) <>
          (SELECT COUNT(*) FROM idempotency_record WHERE scope LIKE '% checkoutPlace')""",
    "a key whose answer was lost": """
        SELECT id FROM idempotency_record
        WHERE scope LIKE '% checkoutPlace' AND answer IS NULL""",
    "a paid fulfilment without its ticket": """
        SELECT f.id FROM fulfilment f WHERE f.assigned_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM print_ticket t WHERE t.fulfilment_id = f.id)""",
    "a gap in the sequence of the changes that are kept": """
        SELECT 1 AS id FROM (SELECT COUNT(sequence) AS n, MIN(sequence) AS first,
          MAX(sequence) AS last, COUNT(DISTINCT sequence) AS different FROM outbox_event) AS changes
        WHERE n > 0 AND (last - first + 1 <> n OR different <> n)""",
    "a level that moved for a document, and nobody was told": """
        SELECT l.id FROM stock_level l WHERE EXISTS (SELECT 1 FROM stock_movement m
          WHERE m.variant_id = l.variant_id AND m.location_id = l.location_id
          AND m.document_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM outbox_event e
          WHERE e.topic = 'stock.changed' AND e.node_id = l.id)""",
}  # fmt: skip


async def contradictions(ctx: Context) -> list[str]:
    """Everything that is wrong in the connected database; empty when it is sound."""
    found = [
        f"{what}: {rows[:3]}"
        for what, query in CONTRADICTIONS.items()
        if (rows := await fetch(query))
    ]
    drifts = (await audit.run(ctx)).drifts
    return [*found, *(f"drift: {each}" for each in drifts)]
