"""What the feed, bulk operations, webhooks and their logs are cut to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.integrations.bulk import BulkKind, BulkStatus
from models.integrations.webhooks import DeliveryStatus
from models.outbox import Topic
from resolvers.integrations.bulk.lists import BulkQuery
from resolvers.integrations.feed.changes import ChangeQuery
from resolvers.integrations.webhooks.log import DeliveryQuery
from resolvers.integrations.webhooks.webhooks import WebhookQuery


@strawberry.input(description="All that is given must hold.")
class ChangeFilter:
    types: list[Topic] | None = strawberry.field(
        default=None, description="On one of these topics."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="At this node or below it."
    )

    def query(self) -> ChangeQuery:
        return ChangeQuery(types=self.types, organisation_code=self.organisation_code)


@strawberry.input(description="All that is given must hold.")
class BulkOperationFilter:
    kind: list[BulkKind] | None = strawberry.field(
        default=None, description="Files of one of these kinds."
    )
    status: list[BulkStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    created_from: datetime | None = strawberry.field(
        default=None, description="Begun at this moment or later."
    )
    created_to: datetime | None = strawberry.field(
        default=None, description="Begun before this moment."
    )

    def query(self) -> BulkQuery:
        return BulkQuery(
            kinds=None if self.kind is None else tuple(sorted(set(self.kind))),
            statuses=None if self.status is None else tuple(sorted(set(self.status))),
            created_from=self.created_from,
            created_to=self.created_to,
        )


@strawberry.input(description="All that is given must hold.")
class WebhookFilter:
    organisation_code: str | None = strawberry.field(
        default=None, description="At this node or below it."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those that are, or are not, switched on."
    )
    failing: bool | None = strawberry.field(
        default=None, description="Only those whose last attempt failed, or did not."
    )

    def query(self) -> WebhookQuery:
        return WebhookQuery(
            organisation_code=self.organisation_code, active=self.active, failing=self.failing
        )


@strawberry.input(description="All that is given must hold.")
class WebhookDeliveryFilter:
    status: list[DeliveryStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    topic: list[Topic] | None = strawberry.field(
        default=None, description="On one of these topics."
    )

    def query(self) -> DeliveryQuery:
        return DeliveryQuery(statuses=self.status, topics=_topics(self.topic))


def _topics(given: Sequence[Topic] | None) -> Sequence[Topic] | None:
    """None for all."""
    return None if given is None or Topic.ALL in given else given
