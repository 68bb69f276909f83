"""Forgetting what is older than the settings keep: changes of the feed, deliveries that ended."""

from __future__ import annotations

from datetime import timedelta

from models.database import execute, fetch, transaction
from resolvers.context import Context
from resolvers.outbox import oldest_sequence

AT_ONCE = 5_000


async def forget_changes(ctx: Context) -> int:
    """Forget the oldest changes; always the first in sequence, so that what is kept has no gap."""
    oldest = await oldest_sequence()
    before = ctx.now() - timedelta(days=ctx.settings.outbox_days)
    # The first that is young enough stays, and all after it: times need not rise with the sequence.
    found = await fetch(
        "SELECT MIN(sequence) AS young FROM ("
        "SELECT sequence, created_at FROM outbox_event WHERE sequence >= ?"
        f" ORDER BY sequence LIMIT {AT_ONCE}) AS batch WHERE created_at >= ?",
        oldest,
        before,
    )
    young = found[0]["young"]
    upto = oldest + AT_ONCE if young is None else young
    return await transaction(execute, "DELETE FROM outbox_event WHERE sequence < ?", upto)


async def forget_deliveries(ctx: Context) -> int:
    """Forget what arrived or died long ago."""
    return await transaction(
        execute,
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
        f" WHERE next_attempt_at IS NULL AND created_at < ? ORDER BY id LIMIT {AT_ONCE})",
        ctx.now() - timedelta(days=ctx.settings.webhook_log_days),
    )
