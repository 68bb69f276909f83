"""From the feed to the queue of a webhook: which changes it is to be told of, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from models.accounts.organisations import Organisation
from models.database import execute, fetch, marks
from models.integrations.webhooks import DeliveryStatus, Webhook
from models.outbox import Topic
from resolvers.background.outbox import last_sequence, oldest_sequence
from resolvers.context import Context
from resolvers.node_ids import node_id

WINDOW = 10_000
_ACTORS = {"MEMBER": "Member", "STAFF": "Staff", "API_CLIENT": "ApiClient"}
_COLUMNS = (
    "webhook_id", "sequence", "topic", "node", "body", "status", "attempts", "next_attempt_at",
    "created_at", "traceparent",
)  # fmt: skip


async def queue_changes(ctx: Context, webhook: Webhook, limit: int) -> None:
    """Queue the next changes for a webhook whose row is locked, and move it on past them."""
    last = await last_sequence()
    after = max(webhook.sequence, await oldest_sequence() - 1)
    upto = min(last, after + WINDOW)
    if after >= upto:
        return
    events = await _events(webhook, after, upto, limit)
    await _insert(ctx, webhook, events)
    reached = events[-1]["sequence"] if len(events) == limit else upto
    await Webhook.filter(id=webhook.id).update(sequence=reached)
    webhook.sequence = reached


async def _events(webhook: Webhook, after: int, upto: int, limit: int) -> list[dict[str, Any]]:
    """Those on its topics that belong to its part of the tree."""
    node = await Organisation.get(id=webhook.organisation_id)
    topics = [] if Topic.ALL in webhook.topics else webhook.topics
    on_topic = f" AND e.topic IN ({marks(topics)})" if topics else ""
    return await fetch(
        "SELECT e.sequence, e.topic, e.node_type, e.node_id, e.actor_kind, e.actor_id, e.created_at,"
        " e.traceparent"
        " FROM outbox_event e JOIN organisation o ON o.id = e.organisation_id"
        f" WHERE e.sequence > ? AND e.sequence <= ? AND o.path LIKE ?{on_topic}"
        f" ORDER BY e.sequence LIMIT {limit}",
        after,
        upto,
        f"{node.path}%",
        *topics,
    )


async def _insert(ctx: Context, webhook: Webhook, events: Sequence[dict[str, Any]]) -> None:
    """A change that was delivered before, and is played again, takes its old place in the log."""
    if not events:
        return
    rows = [_row(webhook, event, ctx.now()) for event in events]
    places = ", ".join([f"({marks(_COLUMNS)})"] * len(rows))
    await execute(
        f"INSERT INTO webhook_delivery ({', '.join(_COLUMNS)}) VALUES {places}"
        " ON CONFLICT (webhook_id, sequence) DO UPDATE SET body = excluded.body,"
        " status = excluded.status, attempts = 0, next_attempt_at = excluded.next_attempt_at,"
        " delivered_at = NULL",
        *(value for row in rows for value in row),
    )


def _row(webhook: Webhook, event: dict[str, Any], now: datetime) -> tuple[Any, ...]:
    node = node_id(event["node_type"], event["node_id"])
    status = str(DeliveryStatus.QUEUED)
    body = _body(event, node)
    return (
        *(webhook.id, event["sequence"], event["topic"], node, body, status, 0, now, now),
        event["traceparent"],
    )


def _body(event: dict[str, Any], node: str) -> str:
    """The message names what changed; what it is like by now is fetched by its ID."""
    kind = _ACTORS.get(event["actor_kind"])
    actor = node_id(kind, event["actor_id"]) if kind and event["actor_id"] else None
    message = {
        "sequence": str(event["sequence"]),
        "topic": event["topic"],
        "nodeId": node,
        "occurredAt": _utc(event["created_at"]),
        "actorId": actor,
    }
    return orjson.dumps(message).decode()


def _utc(moment: datetime | str) -> str:
    """SQLite gives text as Tortoise wrote it."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.isoformat()
