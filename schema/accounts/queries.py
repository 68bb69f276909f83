from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.accounts.clients import lists as client_lists
from resolvers.accounts.clients.lists import ApiClientQuery, StorefrontQuery
from resolvers.accounts.organisations import lists as organisation_lists
from resolvers.accounts.organisations import organisations
from resolvers.accounts.organisations.lists import OrganisationQuery
from resolvers.accounts.staff import lists as staff_lists
from resolvers.accounts.staff.lists import StaffQuery
from resolvers.orm_pagination import PageRequest
from schema.accounts.client_types import ApiClient, Storefront
from schema.accounts.filters import ApiClientFilter, OrganisationFilter, StorefrontFilter
from schema.accounts.inputs import StaffFilter
from schema.accounts.types import Organisation, Staff
from schema.actors import Viewer
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.pagination import CountedConnection, TalliedConnection


@strawberry.type
class AccountQueries:
    @strawberry.field
    async def viewer(self, info: Info) -> Viewer:
        """Who this request counts as, and what it may do."""
        return Viewer.of(info.context)

    @strawberry.field
    async def organisation(self, info: Info, code: str) -> Organisation | None:
        return Organisation.optional(await organisations.by_code(info.context, code))

    @strawberry.field
    async def organisations(
        self,
        info: Info,
        filter: Annotated[OrganisationFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TalliedConnection[Organisation]:
        wanted = filter.query() if filter else OrganisationQuery()
        ctx, request = info.context, PageRequest(first=first, after=after, last=last, before=before)
        page = await organisation_lists.page(ctx, wanted, request)
        tally = await organisation_lists.tally(ctx, wanted)
        return TalliedConnection.of(page, Organisation.of, tally)

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
        filter: Annotated[ApiClientFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[ApiClient]:
        ctx, wanted = info.context, filter.query() if filter else ApiClientQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await client_lists.api_client_page(ctx, wanted, request)
        return CountedConnection.of(
            page, ApiClient.of, lambda: client_lists.count_api_clients(ctx, wanted)
        )

    @strawberry.field(
        description="Client applications where you hold STOREFRONT_WRITE, switched off ones too, by name."
    )
    async def storefronts(
        self,
        info: Info,
        filter: Annotated[StorefrontFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> CountedConnection[Storefront]:
        ctx, wanted = info.context, filter.query() if filter else StorefrontQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await client_lists.storefront_page(ctx, wanted, request)
        return CountedConnection.of(
            page, Storefront.of, lambda: client_lists.count_storefronts(ctx, wanted)
        )
