from __future__ import annotations

from dataclasses import field
from datetime import datetime

import strawberry

from resolvers.accounts.sessions import Tokens
from resolvers.context import Context
from schema.accounts.types import ApiClient, Organisation, Staff, Storefront
from schema.actors import Viewer
from schema.errors import UserError


@strawberry.type
class SignInPayload:
    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    viewer: Viewer | None = None
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, tokens: Tokens, ctx: Context) -> SignInPayload:
        """`ctx` is the signed-in actor's."""
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
            viewer=Viewer.of(ctx),
        )


@strawberry.type
class SignOutPayload:
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class OtpRequestPayload:
    resend_at: datetime | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class StaffPayload:
    staff: Staff | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class ApiClientPayload:
    client: ApiClient | None = None
    secret: str | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class OrganisationPayload:
    organisation: Organisation | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class StorefrontPayload:
    storefront: Storefront | None = None
    user_errors: list[UserError] = field(default_factory=list)
