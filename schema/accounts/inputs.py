from __future__ import annotations

import strawberry

from models.accounts.roles import Scope
from resolvers.accounts.staff.lists import StaffQuery
from schema.accounts.types import Channel, OrganisationKind, Role
from schema.nulls import never_null

KNOWN_DEVICE = (
    "The `deviceToken` of an earlier sign-in on this device: attempts of strangers elsewhere then slow"
    " down nobody here."
)


@strawberry.input
class StaffSignInInput:
    username: str
    password: str
    second_factor_code: str | None = strawberry.field(
        description="Six digits of the authenticator, or a recovery code: needed once a second factor is on.",
        default=None,
    )
    device_token: str | None = strawberry.field(description=KNOWN_DEVICE, default=None)


@strawberry.input
class TokenRefreshInput:
    refresh_token: str


@strawberry.input
class OtpRequestInput:
    phone: str
    challenge_token: str | None = strawberry.field(
        description="Proof of a solved challenge: `token.answer` of a picture, or what a widget gives.",
        default=None,
    )
    device_token: str | None = strawberry.field(description=KNOWN_DEVICE, default=None)


@strawberry.input
class GrantInput:
    role: Role
    organisation_code: str


@strawberry.input
class StaffCreateInput:
    username: str
    password: str
    name: str
    grants: list[GrantInput]


@strawberry.input
class ApiClientCreateInput:
    name: str
    scopes: list[Scope]
    organisation_code: str


@strawberry.input
class OrganisationUpsertInput:
    code: str
    name: str
    kind: OrganisationKind
    parent_code: str | None = strawberry.UNSET


@strawberry.input
class StorefrontCreateInput:
    name: str
    channel: Channel
    organisation_code: str
    code: str | None = strawberry.field(
        default=None,
        description="Your code of it: no other of the merchant has it, and `storefront:CODE` names it by it.",
    )


@strawberry.input
class StaffUpdateInput:
    staff_id: strawberry.ID = strawberry.field(description="Who is changed.")
    name: str | None = never_null(description="Left out: the name stays.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Their mobile number. Left out: it stays; null takes it away.",
    )
    password: str | None = never_null(
        description="A new password for somebody else; it ends their sessions. Your own: `passwordChange`.",
    )
    active: bool | None = never_null(
        description="False: they cannot sign in any more, and their sessions end."
    )
    grants: list[GrantInput] | None = never_null(
        description="All their roles in your territory; those elsewhere stay. A change ends their sessions.",
    )


@strawberry.input
class StaffFilter:
    search: str | None = strawberry.field(
        default=None, description="A part of the name or of the username."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="Who has a role at this node or below it."
    )
    role: Role | None = strawberry.field(default=None, description="Who has this role there.")
    active: bool | None = strawberry.field(
        default=None, description="Only those who may, or may not, sign in."
    )

    invited: bool | None = strawberry.field(
        default=None, description="Only those with an open invitation, or without one."
    )

    def query(self) -> StaffQuery:
        return StaffQuery(
            search=self.search,
            organisation_code=self.organisation_code,
            role=self.role,
            active=self.active,
            invited=self.invited,
        )


@strawberry.input
class ApiClientUpdateInput:
    api_client_id: strawberry.ID = strawberry.field(description="Which client is changed.")
    name: str | None = never_null(description="Left out: the name stays.")
    scopes: list[Scope] | None = never_null(
        description="All scopes from now on; those that it has already may stay. ALL is all that you may do.",
    )


@strawberry.input
class ApiClientRevokeInput:
    api_client_id: strawberry.ID = strawberry.field(description="Which client is ended for good.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")


@strawberry.input
class ApiClientSecretRotateInput:
    api_client_id: strawberry.ID = strawberry.field(description="Which client gets a new secret.")
    overlap_minutes: int = strawberry.field(
        default=1440,
        description="How long the secret before still holds, at most 43200; with 0 it ends at once.",
    )


@strawberry.input
class StorefrontUpdateInput:
    storefront_id: strawberry.ID = strawberry.field(description="Which storefront is changed.")
    name: str | None = never_null(description="Left out: the name stays.")
    active: bool | None = never_null(
        description="False: its key is refused until it is switched on again."
    )
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Your code of it, which no other of the merchant has. Left out: it stays; null takes it"
        " away.",
    )
