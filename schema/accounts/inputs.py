from __future__ import annotations

import strawberry

from schema.accounts.types import Channel, OrganisationKind, Role

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
        description="Proof of a solved challenge: `id.answer` of a picture, or what a widget gives.",
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
    scopes: list[str]
    organisation_code: str


@strawberry.input
class OrganisationUpsertInput:
    code: str
    name: str
    kind: OrganisationKind
    parent_code: str | None = None


@strawberry.input
class StorefrontCreateInput:
    name: str
    channel: Channel
    organisation_code: str
