"""What must be true of a database at any moment, whoever was killed while writing to it."""

from __future__ import annotations

from datetime import timedelta

from models.database import fetch
from resolvers.context import Context
from resolvers.stock.audit import audit
from resolvers.stock.audit.backorders import BackorderFaultKind
from tests.make import stock_soundness

OVER = "('CANCELLED', 'EXPIRED', 'RETURNED')"
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
    "a promise that is not what its order is": """
        SELECT p.id FROM stock_promise p JOIN sales_order o ON o.id = p.order_id
        WHERE p.status = 'HELD' AND o.status <> 'PENDING_PAYMENT'
          OR p.status = 'AWAITED' AND o.status IN ('PENDING_PAYMENT', 'CANCELLED')
          OR (p.status = 'FILLED') <> (p.filled = p.quantity)""",
    "a fulfilment that waits for nothing, or does not wait for what it awaits": """
        SELECT f.id FROM fulfilment f WHERE f.assigned_at IS NOT NULL AND f.status <> 'CANCELLED'
          AND (f.awaits_until IS NOT NULL) <> EXISTS (SELECT 1 FROM stock_promise p
            WHERE p.fulfilment_id = f.id AND p.status = 'AWAITED')""",
    "an unpaid order that holds what was paid for": """
        SELECT o.id FROM sales_order o JOIN stock_hold h ON h.order_id = o.id
        WHERE o.status = 'PENDING_PAYMENT' AND h.status NOT IN ('HELD', 'RELEASED')""",
    "a paid order that has other pieces than it was paid for": f"""
        SELECT f.id FROM fulfilment f JOIN sales_order o ON o.id = f.order_id
        JOIN fulfilment_line line ON line.fulfilment_id = f.id
        WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED') AND f.status NOT IN {OVER}
        GROUP BY f.id, f.status, line.variant_id
        HAVING SUM(line.quantity) <> COALESCE((SELECT SUM(h.quantity) FROM stock_hold h
            JOIN stock_level l ON l.id = h.level_id
            WHERE h.fulfilment_id = f.id AND l.variant_id = line.variant_id AND h.status =
            CASE WHEN f.status IN ('SHIPPED', 'DONE') THEN 'TAKEN' ELSE 'COMMITTED' END), 0)
          + COALESCE((SELECT SUM(p.quantity - p.filled) FROM stock_promise p
            WHERE p.fulfilment_id = f.id AND p.variant_id = line.variant_id
            AND p.status = 'AWAITED'), 0)""",
    "a fulfilment that is over and keeps pieces": f"""
        SELECT f.id FROM fulfilment f JOIN stock_hold h ON h.fulfilment_id = f.id
        WHERE f.status IN {OVER} AND h.status IN ('HELD', 'COMMITTED')""",
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
    "an order that gave back less than its parts say": """
        SELECT o.id FROM sales_order o WHERE o.refunded_minor < COALESCE((
          SELECT SUM(f.refunded_minor) FROM fulfilment f WHERE f.order_id = o.id), 0)""",
    "an order that gave back other than its refunds": """
        SELECT o.id FROM sales_order o WHERE o.refunded_minor <> COALESCE((
          SELECT SUM(r.amount_minor) FROM refund r JOIN payment p ON p.id = r.payment_id
          WHERE p.order_id = o.id), 0)""",
    "a key that two orders were placed with": """
        SELECT scope, key FROM idempotency_record GROUP BY scope, key HAVING COUNT(*) > 1""",
    "a placing on record without its order": """
        SELECT r.id FROM idempotency_record r WHERE r.scope LIKE '% checkoutPlace' AND NOT EXISTS (
          SELECT 1 FROM sales_order o WHERE CAST(o.id AS TEXT) = CAST(r.answer AS TEXT))""",
    "a paid fulfilment without its ticket": """
        SELECT f.id FROM fulfilment f WHERE f.assigned_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM print_ticket t WHERE t.fulfilment_id = f.id)""",
    "a gap in the sequence of the changes that are kept": """
        SELECT 1 AS id FROM (SELECT COUNT(sequence) AS n, MIN(sequence) AS first,
          MAX(sequence) AS last, COUNT(DISTINCT sequence) AS different FROM outbox_event) AS changes
        WHERE n > 0 AND (last - first + 1 <> n OR different <> n)""",
}  # fmt: skip
# A key is forgotten after so many days, and its order stays.
UNRECORDED = """SELECT o.id FROM sales_order o WHERE o.created_at >= ? AND NOT EXISTS (
  SELECT 1 FROM idempotency_record r WHERE r.scope LIKE '% checkoutPlace'
  AND CAST(r.answer AS TEXT) = CAST(o.id AS TEXT))"""


async def contradictions(ctx: Context) -> list[str]:
    """Everything that is wrong in the connected database at `ctx.now()`; empty when it is sound."""
    kept_since = ctx.now() - timedelta(days=ctx.settings.idempotency_days)
    unrecorded = await fetch(UNRECORDED, kept_since)
    # A limit may be lowered below what is promised.
    faults = [
        f"promise: {each}"
        for each in (await audit.run(ctx)).backorder_faults
        if each.kind is not BackorderFaultKind.LIMIT
    ]
    if unrecorded:
        faults.append(f"an order without its placing on record: {unrecorded[:3]}")
    return [*await _found(CONTRADICTIONS), *faults, *await stock_contradictions(ctx)]


async def stock_contradictions(ctx: Context) -> list[str]:
    """What is wrong with stock and its documents, whether or not there are orders."""
    found = await _found(stock_soundness.CONTRADICTIONS)
    # From the checkpoints on, and without trusting them.
    drifts = {
        str(each) for full in (False, True) for each in (await audit.run(ctx, full=full)).drifts
    }
    return [*found, *(f"drift: {each}" for each in sorted(drifts))]


async def _found(queries: dict[str, str]) -> list[str]:
    return [
        f"{what}: {rows[:3]}" for what, query in queries.items() if (rows := await fetch(query))
    ]


# What a history may be refused for, and what at least one of each kind must have done.
REFUSALS = {
    "INSUFFICIENT_STOCK", "STATE_CONFLICT", "STALE_VERSION", "EXPIRED", "DUPLICATE", "INVALID",
    "NOT_FOUND",
}  # fmt: skip
