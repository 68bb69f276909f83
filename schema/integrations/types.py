from __future__ import annotations

from datetime import datetime

import strawberry

from models.outbox import OutboxEvent, Topic
from resolvers.context import Context
from schema.actors import Actor, actors
from schema.batching import batched
from schema.nodes.loading import load_nodes
from schema.nodes.nodes import Node, global_id
from schema.scalars import BigInt

strawberry.enum(Topic)


@strawberry.type(description="Something changed; `node` is the thing as it is now.")
class Change:
    sequence: BigInt = strawberry.field(
        description="Rises in the order of commits; those left out are changes that you do not see."
    )
    type: Topic = strawberry.field(description="What the change is about.")
    node_id: strawberry.ID
    occurred_at: datetime
    row: strawberry.Private[OutboxEvent]

    @batched
    @staticmethod
    async def node(parents: list[Change], ctx: Context) -> list[Node | None]:
        """The thing as it is now; null when it is gone, or not for this caller."""
        return await load_nodes(ctx, [each.node_id for each in parents])

    @batched
    @staticmethod
    async def actor(parents: list[Change], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @classmethod
    def of(cls, row: OutboxEvent) -> Change:
        return cls(
            sequence=BigInt(row.sequence or 0),
            type=Topic(row.topic),
            node_id=global_id(row.node_type, row.node_id),
            occurred_at=row.created_at,
            row=row,
        )
