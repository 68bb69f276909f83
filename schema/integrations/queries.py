from __future__ import annotations

import strawberry

from models.outbox import Topic
from resolvers.integrations.bulk import operations as bulk
from resolvers.integrations.feed import changes
from resolvers.integrations.webhooks import webhooks
from resolvers.orm_pagination import PageRequest
from resolvers.slices import Slice
from schema.cost.directives import sized_by
from schema.info import Info
from schema.integrations.bulk_types import BulkOperation
from schema.integrations.types import Change
from schema.integrations.webhook_types import Webhook
from schema.list_arguments import Skip, SliceSize
from schema.nodes.nodes import row_id
from schema.pagination import Connection


@strawberry.type
class IntegrationQueries:
    @strawberry.field
    async def changes(
        self,
        info: Info,
        after: str | None = None,
        types: list[Topic] | None = None,
        first: int | None = None,
    ) -> Connection[Change]:
        """Every change in your territory, oldest first; the last cursor is where to go on next time.

        `after` is such a cursor, or the sequence of a change, as webhooks and subscriptions give it.
        """
        page = await changes.page(info.context, types, PageRequest(first=first, after=after))
        return Connection.of(page, Change.of)

    @strawberry.field
    async def bulk_operation(self, info: Info, id: strawberry.ID) -> BulkOperation | None:
        return (await BulkOperation.load(info.context, [row_id(id, "BulkOperation")]))[0]

    @strawberry.field
    async def bulk_operations(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[BulkOperation]:
        """Your own, newest first."""
        page = await bulk.page(
            info.context, PageRequest(first=first, after=after, last=last, before=before)
        )
        return Connection.of(page, BulkOperation.of)

    @sized_by("first", otherwise=50)
    @strawberry.field
    async def webhooks(self, info: Info, first: SliceSize = 50, skip: Skip = 0) -> list[Webhook]:
        """The webhooks of your part of the tree, oldest first."""
        cut = Slice(first, skip)
        return [Webhook.of(row) for row in await webhooks.all_of(info.context, cut)]
