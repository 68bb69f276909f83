from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.integrations.bulk import lists as bulk_lists
from resolvers.integrations.bulk.lists import BulkQuery
from resolvers.integrations.feed import changes
from resolvers.integrations.feed.changes import ChangeQuery
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.webhooks import WebhookQuery
from resolvers.orm_pagination import PageRequest
from resolvers.slices import Slice
from schema.cost.directives import sized_by
from schema.info import Info
from schema.integrations.bulk_types import BulkOperation
from schema.integrations.filters import BulkOperationFilter, ChangeFilter, WebhookFilter
from schema.integrations.types import Change
from schema.integrations.webhook_types import Webhook
from schema.list_arguments import WHICH, Skip, SliceSize
from schema.nodes.nodes import row_id
from schema.pagination import Connection, TalliedConnection


@strawberry.type
class IntegrationQueries:
    @strawberry.field
    async def changes(
        self,
        info: Info,
        filter: Annotated[ChangeFilter | None, WHICH] = None,
        after: str | None = None,
        first: int | None = None,
    ) -> Connection[Change]:
        """Every change in your territory, oldest first; the last cursor is where to go on next time.

        `after` is such a cursor, or the sequence of a change, as webhooks and subscriptions give it.
        """
        wanted = filter.query() if filter else ChangeQuery()
        page = await changes.page(info.context, wanted, PageRequest(first=first, after=after))
        return Connection.of(page, Change.of)

    @strawberry.field
    async def bulk_operation(self, info: Info, id: strawberry.ID) -> BulkOperation | None:
        return (await BulkOperation.load(info.context, [row_id(id, "BulkOperation")]))[0]

    @strawberry.field
    async def bulk_operations(
        self,
        info: Info,
        filter: Annotated[BulkOperationFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TalliedConnection[BulkOperation]:
        """Your own, newest first."""
        ctx, wanted = info.context, filter.query() if filter else BulkQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await bulk_lists.page(ctx, wanted, request)
        return TalliedConnection.of(page, BulkOperation.of, await bulk_lists.tally(ctx, wanted))

    @sized_by("first", otherwise=50)
    @strawberry.field
    async def webhooks(
        self,
        info: Info,
        filter: Annotated[WebhookFilter | None, WHICH] = None,
        first: SliceSize = 50,
        skip: Skip = 0,
    ) -> list[Webhook]:
        """The webhooks of your part of the tree, oldest first."""
        wanted, cut = filter.query() if filter else WebhookQuery(), Slice(first, skip)
        return [Webhook.of(row) for row in await webhooks.all_of(info.context, cut, wanted)]
