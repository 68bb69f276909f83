"""Trying a webhook out: one signed message now, which stands in no log and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import orjson

from gateways import GatewayError, Limit
from models.accounts.roles import Permission
from models.errors import NotFound
from resolvers.attempts import count
from resolvers.context import Context
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.delivery import KEY_IS_GONE, signed_headers
from resolvers.node_ids import node_id
from resolvers.permissions import requires

PINGS_PER_MINUTE = 20
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Pong:
    """What the receiver answered; `error` is None when it took the message."""

    status: int | None
    error: str | None


@requires(Permission.WEBHOOK_WRITE)
async def ping(ctx: Context, webhook_id: int) -> Pong:
    """Send a message of the topic `webhook.ping` to a webhook, paused or not.

    Raises: NotFound, RateLimited.
    """
    webhook = (await webhooks.by_ids(ctx, [webhook_id])).get(webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook.", path=("webhookId",))
    limit = Limit("webhook ping", ctx.actor.key, PINGS_PER_MINUTE, 60)
    await count(ctx, [limit], "Too many pings. Try again in {seconds} seconds.")
    message = {
        "sequence": None,
        "topic": "webhook.ping",
        "nodeId": node_id("Webhook", webhook.id),
        "occurredAt": ctx.now().isoformat(),
        "actorId": None,
    }
    body = orjson.dumps(message)
    signed = signed_headers(ctx, webhook, f"msg_{webhook.id}_ping_{uuid4().hex}", body)
    if signed is None:
        return Pong(None, KEY_IS_GONE)
    try:
        async with ctx.gateways.webhooks.to(webhook.url) as receiver:
            status, content = await receiver.send(signed, body)
    except GatewayError as error:
        return Pong(None, _shown(str(error)))
    return Pong(status, None if 200 <= status < 300 else _shown(f"{status}: {content}"))


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:LONGEST_ERROR].strip()
