"""What is due to a webhook and what came of each attempt, for the worker that holds the claim."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.queryset import QuerySet

from models.database import execute, fetch
from models.integrations.rules import BREAK_AFTER, FIRST_PAUSE, pause_after, retry_after
from models.integrations.webhooks import DeliveryStatus, Webhook, WebhookDelivery
from resolvers.background.outbox import last_sequence
from resolvers.context import Context
from resolvers.integrations.webhooks.queue import queue_changes

DUE = 64
PENDING = 500
GONE = 410
_PRINTED = 300
_RECORDED = (
    "failures", "failing_since", "last_error", "resume_at", "active", "delivered", "failed", "dead",
)  # fmt: skip


class ClaimLost(Exception):
    """Another worker, or nobody, may send to this webhook now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receiver answered to a delivery; `error` is None when it took it."""

    delivery: WebhookDelivery
    status: int | None
    error: str | None


def claimed_until(ctx: Context) -> datetime:
    """Longer than any round takes; a worker that is killed lets its claim run out."""
    return ctx.now() + timedelta(seconds=30 + 2 * ctx.settings.webhook_seconds)


async def due(ctx: Context, webhook: Webhook) -> list[WebhookDelivery]:
    """Queue what is new, and answer what may be sent now, in order; one at most while the receiver fails.

    Raises: ClaimLost.
    """
    await _hold(ctx, webhook)
    failing = webhook.failures >= BREAK_AFTER
    limit = 1 if failing else DUE
    waiting = [] if not failing else await _due(ctx, webhook, limit)
    if not waiting:
        pending = WebhookDelivery.filter(webhook_id=webhook.id, next_attempt_at__isnull=False)
        if failing or await pending.count() < PENDING:
            await queue_changes(ctx, webhook, limit)
        waiting = await _due(ctx, webhook, limit)
    if not waiting and webhook.sequence < await last_sequence():
        webhook.resume_at = ctx.now() + FIRST_PAUSE
    return waiting


async def record(ctx: Context, webhook: Webhook, outcomes: Sequence[Outcome]) -> None:
    """Write down a round of attempts and what it says of the receiver. Raises: ClaimLost."""
    await _hold(ctx, webhook)
    webhook.dead += sum([await _record_one(ctx, outcome) for outcome in outcomes])
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    webhook.delivered += len(outcomes) - len(failed)
    webhook.failed += len(failed)
    if len(failed) < len(outcomes):
        if webhook.failures >= BREAK_AFTER:
            await _hurry(ctx, webhook)
        webhook.failures = 0
        webhook.failing_since = webhook.last_error = None
    if failed:
        webhook.failures += len(failed)
        webhook.failing_since = webhook.failing_since or ctx.now()
        webhook.last_error = _printable(failed[-1])
    pause = pause_after(webhook.failures, random.random())  # noqa: S311
    webhook.resume_at = ctx.now() + pause if pause else None
    if any(outcome.status == GONE for outcome in failed) or _given_up(ctx, webhook):
        webhook.active = False
    await webhook.save(update_fields=_RECORDED)


async def release(ctx: Context, webhook: Webhook) -> None:
    """Let go of a claim, if it is still held; who let go last is claimed last."""
    now = ctx.now()
    await execute(
        "UPDATE webhook SET claim = NULL, locked_until = ?, resume_at = ? WHERE id = ? AND claim = ?",
        now,
        webhook.resume_at,
        webhook.id,
        webhook.claim,
    )


async def _hold(ctx: Context, webhook: Webhook) -> None:
    """Lock the webhook and make the claim last on; what its owner changed meanwhile stands."""
    until = claimed_until(ctx)
    held = await fetch(
        "UPDATE webhook SET locked_until = ? WHERE id = ? AND claim = ? RETURNING sequence, failures",
        until,
        webhook.id,
        webhook.claim,
    )
    if not held:
        raise ClaimLost
    webhook.sequence, webhook.failures = held[0]["sequence"], held[0]["failures"]


async def _due(ctx: Context, webhook: Webhook, limit: int) -> list[WebhookDelivery]:
    ready: QuerySet[WebhookDelivery] = WebhookDelivery.filter(
        webhook_id=webhook.id, next_attempt_at__lte=ctx.now()
    )
    return await ready.order_by("sequence").limit(limit)


async def _record_one(ctx: Context, outcome: Outcome) -> bool:
    """Whether this was the last attempt, and in vain."""
    delivery, now = outcome.delivery, ctx.now()
    attempts = delivery.attempts + 1
    changes: dict[str, object] = {"attempts": attempts, "response_status": outcome.status}
    if outcome.error is None:
        changes |= {
            "status": DeliveryStatus.DELIVERED,
            "next_attempt_at": None,
            "last_error": None,
            "delivered_at": now,
        }
    elif attempts >= ctx.settings.webhook_attempts:
        changes |= {"status": DeliveryStatus.DEAD, "next_attempt_at": None}
    else:
        wait = retry_after(attempts, random.random())  # noqa: S311
        changes |= {"status": DeliveryStatus.RETRYING, "next_attempt_at": now + wait}
    if outcome.error is not None:
        changes["last_error"] = _printable(outcome)
    # Unless somebody has asked to have it sent again meanwhile.
    same = WebhookDelivery.filter(id=delivery.id, attempts=delivery.attempts)
    written = await same.update(**changes)
    return bool(written) and changes["status"] is DeliveryStatus.DEAD


async def _hurry(ctx: Context, webhook: Webhook) -> None:
    """The receiver is back: what waits for another attempt need not wait longer."""
    waiting = WebhookDelivery.filter(webhook_id=webhook.id, next_attempt_at__gt=ctx.now())
    await waiting.update(next_attempt_at=ctx.now())


def _given_up(ctx: Context, webhook: Webhook) -> bool:
    since = webhook.failing_since
    patience = timedelta(hours=ctx.settings.webhook_give_up_hours)
    return since is not None and ctx.now() - since >= patience


def _printable(outcome: Outcome) -> str:
    text = outcome.error or ""
    return "".join(each if each.isprintable() else " " for each in text)[:_PRINTED].strip()
