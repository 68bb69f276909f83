"""Delivering to webhooks: at least once, by one worker at a time, each node's changes in their order.

A worker claims a webhook and sends what is due in rounds: at most one change of any node in a round.
What fails is tried again, ever less often; a receiver that keeps failing is left alone for a while, then
paused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from uuid import uuid4

import structlog

from gateways import GatewayError, Receiver
from models.database import fetch, is_postgres, transaction
from models.database_faults import fault_of
from models.integrations.signing import headers, secrets_of
from models.integrations.webhooks import Webhook, WebhookDelivery
from models.outages import database_faults
from resolvers.background.outbox import give_sequences
from resolvers.background.pausing import pause
from resolvers.background.repeated_failures import RepeatedFailures
from resolvers.context import Context
from resolvers.integrations.webhooks import attempts
from resolvers.integrations.webhooks.attempts import ClaimLost, Outcome

AT_ONCE = 8
KEY_IS_GONE = "The key of its secret was taken out: rotate the secret."
WEBHOOKS = 20
SECONDS = 20.0
POLL_SECONDS = 1.0
GATHER_SECONDS = 0.05
log = structlog.get_logger(__name__)
_failures = RepeatedFailures(log)


async def deliver_due(ctx: Context) -> int:
    """Deliver what is due, one pass; answers how many messages were sent."""
    await give_sequences()
    webhooks = await transaction(_claim, ctx, WEBHOOKS)
    return sum(await asyncio.gather(*(deliver(ctx, webhook) for webhook in webhooks)))


async def deliver_forever(ctx: Context, stopping: asyncio.Event) -> None:
    """The same until `stopping`; a slow receiver holds up no other.

    What is on its way then is waited for; cancelled, it is given back to be sent again.
    """
    running: set[asyncio.Task[int]] = set()
    stopped = asyncio.create_task(stopping.wait())
    try:
        while not stopping.is_set():
            news = asyncio.create_task(ctx.gateways.bus.wait(POLL_SECONDS))
            try:
                if not await fetch("SELECT id FROM webhook WHERE active LIMIT 1"):
                    # Where nobody listens, no change costs anything more.
                    await pause(stopping, POLL_SECONDS)
                    continue
                await give_sequences()
                for webhook in await transaction(_claim, ctx, WEBHOOKS - len(running)):
                    running.add(task := asyncio.create_task(deliver(ctx, webhook)))
                    task.add_done_callback(running.discard)
                await asyncio.sleep(GATHER_SECONDS)
                waited = {news, stopped, *running}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            except Exception as error:  # noqa: BLE001 - logged, and tried again
                if fault := fault_of(error):
                    database_faults.met(fault)
                else:
                    _failures.log("claim", error, "webhooks could not be claimed")
                await pause(stopping, POLL_SECONDS)
            finally:
                news.cancel()
        if running:
            await asyncio.wait(running)
    finally:
        stopped.cancel()
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)


async def deliver(ctx: Context, webhook: Webhook) -> int:
    """Send what is due to a webhook that has been claimed; answers how many messages were sent."""
    sent = 0
    until = asyncio.get_running_loop().time() + SECONDS
    try:
        async with ctx.gateways.webhooks.to(webhook.url) as receiver:
            while asyncio.get_running_loop().time() < until:
                due = await transaction(attempts.due, ctx, webhook)
                sent += await _send_all(ctx, webhook, receiver, due)
                if not due or webhook.resume_at is not None or not webhook.active:
                    break
    except ClaimLost:
        log.info("webhook was taken back", webhook=webhook.id)
    except asyncio.CancelledError:
        await transaction(attempts.release, ctx, webhook)
        raise
    except Exception as error:  # noqa: BLE001 - logged, and tried again
        if fault := fault_of(error):
            database_faults.met(fault)
            return sent  # the claim runs out
        _failures.log("deliver", error, "webhook could not be delivered to", webhook=webhook.id)
    await transaction(attempts.release, ctx, webhook)
    return sent


async def _claim(ctx: Context, limit: int) -> list[Webhook]:
    """Those that have something due, or new changes to look at; who waits longest comes first."""
    skip = " FOR UPDATE OF w SKIP LOCKED" if is_postgres() else ""
    now = ctx.now()
    claimed = await fetch(
        "UPDATE webhook SET claim = ?, locked_until = ? WHERE id IN (SELECT w.id FROM webhook w"
        " WHERE w.active AND (w.resume_at IS NULL OR w.resume_at <= ?)"
        " AND (w.locked_until IS NULL OR w.locked_until <= ?)"
        " AND (w.sequence < (SELECT MAX(last_sequence) FROM outbox_counter)"
        " OR EXISTS (SELECT 1 FROM webhook_delivery d"
        " WHERE d.webhook_id = w.id AND d.next_attempt_at <= ?))"
        f" ORDER BY w.locked_until IS NOT NULL, w.locked_until, w.id LIMIT {limit}{skip})"
        " RETURNING id",
        str(uuid4()),
        attempts.claimed_until(ctx),
        now,
        now,
        now,
    )
    return await Webhook.filter(id__in=[row["id"] for row in claimed])


async def _send_all(
    ctx: Context, webhook: Webhook, receiver: Receiver, due: Sequence[WebhookDelivery]
) -> int:
    """Send round by round until something says stop. Raises: ClaimLost."""
    sent = 0
    for together in _rounds(due):
        outcomes = await asyncio.gather(
            *(_send(ctx, webhook, receiver, delivery) for delivery in together)
        )
        sent += len(outcomes)
        await transaction(attempts.record, ctx, webhook, outcomes)
        if webhook.resume_at is not None or not webhook.active:
            break
    return sent


async def _send(
    ctx: Context, webhook: Webhook, receiver: Receiver, delivery: WebhookDelivery
) -> Outcome:
    body = delivery.body.encode()
    signed = signed_headers(ctx, webhook, f"msg_{webhook.id}_{delivery.sequence}", body)
    if signed is None:
        return Outcome(delivery, None, KEY_IS_GONE)
    try:
        with ctx.gateways.traces.span("deliver webhook", delivery.traceparent):
            status, content = await receiver.send(signed, body)
    except GatewayError as error:
        return Outcome(delivery, None, str(error))
    return Outcome(delivery, status, None if 200 <= status < 300 else f"{status}: {content}")


def signed_headers(
    ctx: Context, webhook: Webhook, message_id: str, body: bytes
) -> dict[str, str] | None:
    """The headers of a message, signed with every secret that is good; None where no key is left."""
    now, salts = ctx.now(), [webhook.salt]
    if webhook.previous_salt and webhook.previous_until and now < webhook.previous_until:
        salts.append(webhook.previous_salt)
    secrets = [each for salt in salts for each in secrets_of(ctx.settings.keys, salt)]
    return headers(secrets, message_id, int(now.timestamp()), body) if secrets else None


def _rounds(due: Sequence[WebhookDelivery]) -> Iterator[list[WebhookDelivery]]:
    """What may be sent at once: never two changes of one node."""
    together: list[WebhookDelivery] = []
    for delivery in due:
        if len(together) == AT_ONCE or any(each.node == delivery.node for each in together):
            yield together
            together = []
        together.append(delivery)
    if together:
        yield together
