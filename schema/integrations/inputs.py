from __future__ import annotations

import strawberry

from models.outbox import Topic
from schema.nulls import never_null
from schema.scalars import BigInt


@strawberry.input
class WebhookCreateInput:
    url: str
    topics: list[Topic] = strawberry.field(
        description="What is told, at least one; ALL is everything, topics to come among it."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="Whose changes; left out, your own organisation's."
    )


@strawberry.input
class WebhookUpdateInput:
    webhook_id: strawberry.ID
    url: str | None = never_null()
    topics: list[Topic] | None = never_null()
    active: bool | None = never_null(
        description="One that is switched on again goes on where it stopped."
    )


@strawberry.input
class WebhookDeleteInput:
    webhook_id: strawberry.ID


@strawberry.input
class WebhookSecretRotateInput:
    webhook_id: strawberry.ID


@strawberry.input
class WebhookReplayInput:
    webhook_id: strawberry.ID
    after_sequence: BigInt


@strawberry.input(description="Which webhook to try out.")
class WebhookPingInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook, paused or not.")


@strawberry.input
class WebhookRedeliverInput:
    delivery_id: strawberry.ID
