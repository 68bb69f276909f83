from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from models.outbox import Topic
from resolvers.integrations.feed import changes
from schema.info import Info
from schema.integrations.types import Change
from schema.scalars import BigInt


@strawberry.type
class IntegrationSubscriptions:
    @strawberry.subscription
    async def changes(
        self, info: Info, types: list[Topic] | None = None, after: BigInt | None = None
    ) -> AsyncGenerator[Change, None]:
        """Every change in your territory; those since the sequence `after` first, with no gap."""
        ctx = info.context
        async with aclosing(await changes.follow(ctx, types, after)) as events:
            async for event in events:
                ctx.memory["event_extensions"] = {"sequence": str(event.sequence)}
                yield Change.of(event)
