"""What lists of nodes, machines and client applications are cut to."""

from __future__ import annotations

import strawberry

from resolvers.accounts.clients.lists import ApiClientQuery, StorefrontQuery
from resolvers.accounts.organisations.lists import OrganisationQuery
from schema.accounts.types import Channel, OrganisationKind


@strawberry.input(description="All that is given must hold.")
class OrganisationFilter:
    kind: list[OrganisationKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )
    search: str | None = strawberry.field(
        default=None, description="A part of the name or of the code, whatever the case."
    )

    def query(self) -> OrganisationQuery:
        kinds = None if self.kind is None else tuple(sorted(set(self.kind)))
        return OrganisationQuery(kinds=kinds, search=self.search)


@strawberry.input(description="All that is given must hold.")
class ApiClientFilter:
    search: str | None = strawberry.field(
        default=None, description="A part of the name, whatever the case."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="At this node or below it."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those that may, or may not, call the API."
    )

    def query(self) -> ApiClientQuery:
        return ApiClientQuery(
            search=self.search, organisation_code=self.organisation_code, active=self.active
        )


@strawberry.input(description="All that is given must hold.")
class StorefrontFilter:
    search: str | None = strawberry.field(
        default=None, description="A part of the name or of the code, whatever the case."
    )
    channel: list[Channel] | None = strawberry.field(
        default=None, description="Of one of these channels."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="At this node or below it."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those that are, or are not, switched on."
    )

    def query(self) -> StorefrontQuery:
        return StorefrontQuery(
            search=self.search,
            channels=None if self.channel is None else tuple(sorted(set(self.channel))),
            organisation_code=self.organisation_code,
            active=self.active,
        )
