from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

import strawberry

from models.bounds import all_of
from models.integrations.webhooks import DeliveryStatus
from models.integrations.webhooks import Webhook as WebhookRow
from models.integrations.webhooks import WebhookDelivery as DeliveryRow
from models.outbox import Topic
from resolvers.context import Context
from resolvers.integrations.webhooks import log as webhooks_log
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.log import DeliveryQuery
from resolvers.orm_pagination import PageRequest
from schema.accounts.types import Organisation
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.errors import UserError
from schema.integrations.filters import WebhookDeliveryFilter
from schema.nodes.nodes import Node, global_id
from schema.pagination import TalliedConnection
from schema.scalars import BigInt

strawberry.enum(DeliveryStatus)


@strawberry.type(description="One change for one webhook, and what became of it.")
class WebhookDelivery(Node):
    id: strawberry.ID
    sequence: BigInt
    topic: Topic
    node_id: strawberry.ID
    payload: str = strawberry.field(description="The body, byte for byte as it is signed.")
    attempts: int
    status: DeliveryStatus
    response_status: int | None
    error: str | None = strawberry.field(
        description="What went wrong the last time; null when nothing did."
    )
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: DeliveryRow) -> WebhookDelivery:
        return cls(
            id=global_id("WebhookDelivery", row.id),
            sequence=BigInt(row.sequence),
            topic=Topic(row.topic),
            node_id=strawberry.ID(row.node),
            payload=row.body,
            attempts=row.attempts,
            status=row.status,
            response_status=row.response_status,
            error=row.last_error,
            next_attempt_at=row.next_attempt_at,
            delivered_at=row.delivered_at,
            created_at=row.created_at,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[WebhookDelivery | None]:
        found = await webhooks_log.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(description="An address that is told of what changes in one part of the tree.")
class Webhook(Node):
    id: strawberry.ID
    url: str
    topics: list[Topic] = sized_list(all_of(Topic))
    active: bool = strawberry.field(
        description="Off when it was paused, or its receiver has failed for days."
    )
    sequence: BigInt = strawberry.field(description="The changes up to here have been dealt with.")
    failing_since: datetime | None
    error: str | None = strawberry.field(
        description="Why the last attempt failed; null while none does."
    )
    created_at: datetime
    row: strawberry.Private[WebhookRow]

    @batched
    @staticmethod
    async def organisation(parents: list[Webhook], ctx: Context) -> list[Organisation]:
        ids = [each.row.organisation_id for each in parents]
        return await Organisation.load(ctx, ids)  # type: ignore[return-value]

    @batched
    @staticmethod
    async def deliveries(
        parents: list[Webhook],
        ctx: Context,
        *,
        filter: WebhookDeliveryFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> list[TalliedConnection[WebhookDelivery]]:
        """Its log, newest first."""
        ids = [each.row.id for each in parents]
        wanted = filter.query() if filter else DeliveryQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        pages = await webhooks_log.of_webhooks(ctx, ids, wanted, request)
        tally = webhooks_log.tally(ids, wanted)
        return [
            TalliedConnection.of(pages[row_id], WebhookDelivery.of, tally, row_id) for row_id in ids
        ]

    @classmethod
    def of(cls, row: WebhookRow) -> Webhook:
        return cls(
            id=global_id("Webhook", row.id),
            url=row.url,
            topics=[Topic(each) for each in row.topics],
            active=row.active,
            sequence=BigInt(row.sequence),
            failing_since=row.failing_since,
            error=row.last_error,
            created_at=row.created_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Webhook | None]:
        found = await webhooks.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type
class WebhookPayload:
    webhook: Webhook | None = None
    secret: str | None = strawberry.field(
        default=None, description="What its messages are signed with; shown only here."
    )
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type(description="What a receiver answered to a ping.")
class WebhookPingPayload:
    delivered: bool = strawberry.field(
        default=False, description="Whether the receiver took the message."
    )
    response_status: int | None = strawberry.field(
        default=None, description="The HTTP status it answered; null when it could not be reached."
    )
    error: str | None = strawberry.field(
        default=None, description="Why it was not delivered, in at most 300 characters."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was sent; empty where something was."
    )


@strawberry.type
class WebhookDeliveryPayload:
    delivery: WebhookDelivery | None = None
    user_errors: list[UserError] = field(default_factory=list)
