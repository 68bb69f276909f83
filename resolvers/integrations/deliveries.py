"""The log of a webhook: what was sent, what became of it, and sending one again."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import after_commit, fetch, marks, transaction
from models.errors import NotFound
from models.integrations.webhooks import DeliveryStatus, WebhookDelivery
from resolvers.context import Context
from resolvers.keyset import Conditions, checked_key
from resolvers.paging import Page, PageRequest, page_by_id
from resolvers.permissions import requires, scoped

_RANKED = (
    "SELECT id, ROW_NUMBER() OVER (PARTITION BY webhook_id ORDER BY id DESC) AS place"
    " FROM webhook_delivery"
)


@requires(Permission.WEBHOOK_WRITE)
async def of_webhooks(
    ctx: Context,
    webhook_ids: Sequence[int],
    statuses: Sequence[DeliveryStatus] | None,
    request: PageRequest,
) -> dict[int, Page[WebhookDelivery]]:
    """A page of each webhook's deliveries, newest first, in one statement.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    tie = f"deliveries {sorted(statuses or ())}"
    conditions = Conditions()
    conditions.add(f"webhook_id IN ({marks(webhook_ids)})", *webhook_ids)
    if statuses is not None:
        conditions.add(f"status IN ({marks(statuses)})", *map(str, statuses))
    if request.after is not None:
        conditions.add("id < ?", *checked_key(request.after, tie, (int,), "after"))
    ranked = await fetch(
        f"SELECT id FROM ({_RANKED} WHERE {conditions}) AS ranked WHERE place <= {request.size + 1}",
        *conditions.values,
    )
    found: dict[int, list[WebhookDelivery]] = {webhook_id: [] for webhook_id in webhook_ids}
    for row in await WebhookDelivery.filter(id__in=[each["id"] for each in ranked]).order_by("-id"):
        found[row.webhook_id].append(row)
    return {webhook_id: page_by_id(rows, request, tie) for webhook_id, rows in found.items()}


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
