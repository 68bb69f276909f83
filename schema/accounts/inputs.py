from __future__ import annotations

import strawberry

from schema.accounts.types import Channel, OrganisationKind, Role


@strawberry.input
class StaffSignInInput:
    username: str
    password: str


@strawberry.input
class TokenRefreshInput:
    refresh_token: str


@strawberry.input
class OtpRequestInput:
    phone: str


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
