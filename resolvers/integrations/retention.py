"""Forgetting what is older than the settings keep: changes of the feed, deliveries that ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from models.database import execute, fetch, transaction
from models.integrations.bulk import BulkOperation
from resolvers.background.outbox import oldest_sequence
from resolvers.context import Context
from resolvers.integrations.bulk import storage as bulk_storage

AT_ONCE = 5_000
FILES_AT_ONCE = 100
STALE_SECONDS = 24 * 3600


async def forget_changes(ctx: Context) -> int:
    """Forget the oldest changes; always the first in sequence, so that what is kept has no gap."""
    oldest = await oldest_sequence()
    before = ctx.now() - timedelta(days=ctx.settings.outbox_days)
    # The first that is young enough stays, and all after it: times need not rise with the sequence.
    # What is numbered from now on stays, too: nothing is forgotten that was not looked at.
    found = await fetch(
        "SELECT MIN(CASE WHEN created_at >= ? THEN sequence END) AS young, MAX(sequence) AS last FROM ("
        "SELECT sequence, created_at FROM outbox_event WHERE sequence >= ?"
        f" ORDER BY sequence LIMIT {AT_ONCE}) AS batch",
        before,
        oldest,
    )
    young, last = found[0]["young"], found[0]["last"]
    upto = (last or 0) + 1 if young is None else young
    return await transaction(execute, "DELETE FROM outbox_event WHERE sequence < ?", upto)


async def forget_files(ctx: Context) -> int:
    """Forget bulk operations that ended long ago, with their files, and uploads that never ended."""
    before = ctx.now() - timedelta(days=ctx.settings.bulk_days)
    old = await BulkOperation.filter(finished_at__lt=before).order_by("id").limit(FILES_AT_ONCE)
    for operation in old:
        await asyncio.to_thread(bulk_storage.remove, ctx.settings, operation)
        await transaction(execute, "DELETE FROM bulk_operation WHERE id = ?", operation.id)
    stale = await asyncio.to_thread(bulk_storage.remove_stale_uploads, ctx.settings, STALE_SECONDS)
    return len(old) + stale


async def forget_deliveries(ctx: Context) -> int:
    """Forget what arrived or died long ago."""
    return await transaction(
        execute,
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
        f" WHERE next_attempt_at IS NULL AND created_at < ? ORDER BY id LIMIT {AT_ONCE})",
        ctx.now() - timedelta(days=ctx.settings.webhook_log_days),
    )
