from __future__ import annotations

import strawberry

from resolvers.accounts import clients, organisations, staff_lists
from resolvers.accounts.staff_lists import StaffQuery
from resolvers.paging import PageRequest
from schema.accounts.inputs import StaffFilter
from schema.accounts.types import ApiClient, Organisation, Staff, Storefront
from schema.actors import Viewer
from schema.info import Info
from schema.pagination import CountedConnection


@strawberry.type
class AccountQueries:
    @strawberry.field
    async def viewer(self, info: Info) -> Viewer:
        """Who this request counts as, and what it may do."""
        return Viewer.of(info.context)

    @strawberry.field
    async def organisation(self, info: Info, code: str) -> Organisation | None:
        return Organisation.optional(await organisations.by_code(info.context, code))

    @strawberry.field(description="Who has a role where you hold STAFF_WRITE, by username.")
    async def staff(
        self,
        info: Info,
        filter: StaffFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[Staff]:
        ctx, wanted = info.context, filter.query() if filter else StaffQuery()
        page = await staff_lists.page(
            ctx, wanted, PageRequest(first=first, after=after, last=last, before=before)
        )
        return CountedConnection.of(page, Staff.of, lambda: staff_lists.count(ctx, wanted))

    @strawberry.field(
        description="The machines where you hold API_CLIENT_WRITE, those revoked too, by name."
    )
    async def api_clients(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[ApiClient]:
        ctx = info.context
        page = await clients.api_client_page(
            ctx, PageRequest(first=first, after=after, last=last, before=before)
        )
        return CountedConnection.of(page, ApiClient.of, lambda: clients.count_api_clients(ctx))

    @strawberry.field(
        description="Client applications where you hold STOREFRONT_WRITE, switched off ones too, by name."
    )
    async def storefronts(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[Storefront]:
        ctx = info.context
        page = await clients.storefront_page(
            ctx, PageRequest(first=first, after=after, last=last, before=before)
        )
        return CountedConnection.of(page, Storefront.of, lambda: clients.count_storefronts(ctx))
