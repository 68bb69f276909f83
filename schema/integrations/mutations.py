from __future__ import annotations

import strawberry

from resolvers.integrations.bulk import operations as bulk_operations
from resolvers.integrations.webhooks import log as webhooks_log
from resolvers.integrations.webhooks import ping as webhooks_ping
from resolvers.integrations.webhooks import webhooks
from schema.errors import refusing
from schema.info import Info
from schema.integrations.bulk_types import (
    BulkOperation,
    BulkOperationCancelInput,
    BulkOperationCreateInput,
    BulkOperationPayload,
)
from schema.integrations.inputs import (
    WebhookCreateInput,
    WebhookDeleteInput,
    WebhookPingInput,
    WebhookRedeliverInput,
    WebhookReplayInput,
    WebhookSecretRotateInput,
    WebhookUpdateInput,
)
from schema.integrations.webhook_types import (
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPayload,
    WebhookPayload,
    WebhookPingPayload,
)
from schema.nodes.nodes import row_id
from schema.nulls import kept_unless_given


@strawberry.type
class IntegrationMutations:
    @refusing(WebhookPayload)
    async def webhook_create(self, info: Info, input: WebhookCreateInput) -> WebhookPayload:
        """Have an address told of what changes from now on; its secret is shown only here.

        Needs WEBHOOK_WRITE and CHANGES_READ.
        """
        row, secret = await webhooks.create(
            info.context, input.url, input.topics, input.organisation_code
        )
        return WebhookPayload(webhook=Webhook.of(row), secret=secret)

    @refusing(WebhookPayload)
    async def webhook_update(self, info: Info, input: WebhookUpdateInput) -> WebhookPayload:
        """Change where it goes and what of, or pause it. Needs WEBHOOK_WRITE."""
        changes = webhooks.WebhookChanges(
            url=kept_unless_given(input.url),
            topics=kept_unless_given(input.topics),
            active=kept_unless_given(input.active),
        )
        row = await webhooks.update(info.context, _webhook_id(input.webhook_id), changes)
        return WebhookPayload(webhook=Webhook.of(row))

    @refusing(WebhookPayload)
    async def webhook_secret_rotate(
        self, info: Info, input: WebhookSecretRotateInput
    ) -> WebhookPayload:
        """A new secret; for a day messages carry the signatures of both. Needs WEBHOOK_WRITE."""
        row, secret = await webhooks.rotate_secret(info.context, _webhook_id(input.webhook_id))
        return WebhookPayload(webhook=Webhook.of(row), secret=secret)

    @refusing(WebhookPayload)
    async def webhook_replay(self, info: Info, input: WebhookReplayInput) -> WebhookPayload:
        """Deliver every change after a sequence again, with the message IDs of the first time.

        Needs WEBHOOK_WRITE.
        """
        row = await webhooks.replay(
            info.context, _webhook_id(input.webhook_id), input.after_sequence
        )
        return WebhookPayload(webhook=Webhook.of(row))

    @refusing(WebhookDeliveryPayload)
    async def webhook_redeliver(
        self, info: Info, input: WebhookRedeliverInput
    ) -> WebhookDeliveryPayload:
        """Send one message again, dead or delivered. Needs WEBHOOK_WRITE."""
        delivery_id = row_id(input.delivery_id, "WebhookDelivery", path=("deliveryId",))
        row = await webhooks_log.redeliver(info.context, delivery_id)
        return WebhookDeliveryPayload(delivery=WebhookDelivery.of(row))

    @refusing(WebhookPingPayload)
    async def webhook_ping(self, info: Info, input: WebhookPingInput) -> WebhookPingPayload:
        """Send a signed message of the topic `webhook.ping` now, and say what the receiver answered.

        Needs WEBHOOK_WRITE.
        """
        pong = await webhooks_ping.ping(info.context, _webhook_id(input.webhook_id))
        return WebhookPingPayload(
            delivered=pong.error is None, response_status=pong.status, error=pong.error
        )

    @refusing(WebhookPayload)
    async def webhook_delete(self, info: Info, input: WebhookDeleteInput) -> WebhookPayload:
        """Remove it with its log. Needs WEBHOOK_WRITE."""
        row = await webhooks.delete(info.context, _webhook_id(input.webhook_id))
        return WebhookPayload(webhook=Webhook.of(row))

    @refusing(BulkOperationPayload)
    async def bulk_operation_create(
        self, info: Info, input: BulkOperationCreateInput
    ) -> BulkOperationPayload:
        """Upload a large file of rows, to be worked through in the background."""
        row = await bulk_operations.create(info.context, input.draft())
        return BulkOperationPayload(bulk_operation=BulkOperation.of(row))

    @refusing(BulkOperationPayload)
    async def bulk_operation_cancel(
        self, info: Info, input: BulkOperationCancelInput
    ) -> BulkOperationPayload:
        """Stop after the rows that are being done; those that are done stay done."""
        operation_id = row_id(input.bulk_operation_id, "BulkOperation", path=("bulkOperationId",))
        row = await bulk_operations.cancel(info.context, operation_id)
        return BulkOperationPayload(bulk_operation=BulkOperation.of(row))


def _webhook_id(text: str) -> int:
    return row_id(text, "Webhook", path=("webhookId",))
