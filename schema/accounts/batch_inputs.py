"""Rows of client applications and of staff, as headquarters or a directory of people sends them."""

from __future__ import annotations

import strawberry

from resolvers.accounts.clients.storefront_upsert import StorefrontDraft
from resolvers.accounts.staff.staff import GrantDraft
from resolvers.accounts.staff.upsert import StaffRow
from schema.accounts.inputs import GrantInput
from schema.accounts.types import Channel
from schema.batches import OnError, kept_if_unset
from schema.cost.directives import Cost
from schema.nulls import never_null, none_if_unset

ON_ERROR = "What becomes of the sound rows when others are not."
DRY_RUN = "True: check all rows and write nothing."


@strawberry.input(description="A client application by its code.")
class StorefrontUpsertRow:
    code: str = strawberry.field(
        description="Your code of it, unique within the merchant: 1 to 64 characters."
    )
    name: str = strawberry.field(description="What it is called, in 1 to 100 characters.")
    channel: Channel = strawberry.field(description="The channel that its requests come through.")
    organisation_code: str = strawberry.field(description="The node it belongs to.")
    active: bool | None = never_null(
        description="False: its key is refused. Left out: as it is; a new one is active.",
    )

    def draft(self) -> StorefrontDraft:
        return StorefrontDraft(
            code=self.code,
            name=self.name,
            channel=self.channel,
            organisation_code=self.organisation_code,
            active=none_if_unset(self.active),
        )


@strawberry.input(description="Up to 500 client applications.")
class StorefrontUpsertInput:
    storefronts: list[StorefrontUpsertRow] = strawberry.field(description="One row for each.")
    on_error: OnError = strawberry.field(default=OnError.REJECT_ALL, description=ON_ERROR)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(
    description="A member of staff by username; a new one has no password until they are invited."
)
class StaffUpsertRow:
    username: str = strawberry.field(description="What they sign in with: 2 to 64 characters.")
    name: str = strawberry.field(description="What they are called, in 1 to 100 characters.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Their mobile number. Left out: it stays; null takes it away.",
    )
    grants: list[GrantInput] | None = never_null(
        description="All their roles in your territory; left out, they stay. A new one needs at least one.",
    )
    active: bool | None = never_null(
        description="False: they cannot sign in. Left out: as it is; a new one may."
    )

    def row(self) -> StaffRow:
        given = none_if_unset(self.grants)
        return StaffRow(
            username=self.username,
            name=self.name,
            grants=None
            if given is None
            else [GrantDraft(each.role, each.organisation_code) for each in given],
            active=none_if_unset(self.active),
            phone=kept_if_unset(self.phone),
        )


@strawberry.input(description="Up to 100 members of staff.")
class StaffUpsertInput:
    staff: list[StaffUpsertRow] = strawberry.field(
        description="One row for each.", directives=[Cost(weight="1000")]
    )
    on_error: OnError = strawberry.field(default=OnError.REJECT_ALL, description=ON_ERROR)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
