"""The log of a webhook: what was sent, what became of it, and sending one again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.database import after_commit, marks, transaction
from models.errors import NotFound
from models.integrations.webhooks import DeliveryStatus, WebhookDelivery
from models.outbox import Topic
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import requires, scoped
from resolvers.sql_pagination import Conditions, pages_by_id
from resolvers.tallies import SqlTally


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """What a log is cut to; what is None cuts nothing."""

    statuses: Sequence[DeliveryStatus] | None = None
    topics: Sequence[Topic] | None = None


@requires(Permission.WEBHOOK_WRITE)
async def of_webhooks(
    ctx: Context,
    webhook_ids: Sequence[int],
    wanted: DeliveryQuery,
    request: PageRequest,
) -> dict[int, Page[WebhookDelivery]]:
    """A page of each webhook's deliveries, newest first.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    conditions = _conditions(wanted)
    tie = f"deliveries {conditions} {conditions.values}"
    return await pages_by_id(WebhookDelivery, "webhook_id", webhook_ids, conditions, request, tie)


def tally(webhook_ids: Sequence[int], wanted: DeliveryQuery) -> SqlTally:
    """The count of each webhook's list."""

    async def conditions(_: bool) -> Conditions:
        return _conditions(wanted).of_parents("webhook_id", webhook_ids)

    return SqlTally("webhook_delivery", conditions, by="webhook_id")


@requires(Permission.WEBHOOK_WRITE)
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, WebhookDelivery]:
    query = scoped(
        WebhookDelivery.all(), ctx, Permission.WEBHOOK_WRITE, "webhook__organisation"
    ).filter(id__in=ids)
    return {row.id: row for row in await query}


@requires(Permission.WEBHOOK_WRITE)
async def redeliver(ctx: Context, delivery_id: int) -> WebhookDelivery:
    """Send one again, whether it arrived or is dead, with as many attempts as a new one has.

    Raises: NotFound.
    """
    if delivery_id not in await by_ids(ctx, [delivery_id]):
        raise NotFound("There is no such delivery.", path=("deliveryId",))

    async def queue() -> None:
        await WebhookDelivery.filter(id=delivery_id).update(
            status=DeliveryStatus.QUEUED, attempts=0, next_attempt_at=ctx.now(), delivered_at=None
        )
        after_commit(ctx.gateways.bus.wake)

    await transaction(queue)
    return await WebhookDelivery.get(id=delivery_id)


def _conditions(wanted: DeliveryQuery) -> Conditions:
    found = Conditions()
    for column, values in (("status", wanted.statuses), ("topic", wanted.topics)):
        if values is not None:
            names = sorted({str(value) for value in values})
            found.add(f"{column} IN ({marks(names)})", *names)
    return found
