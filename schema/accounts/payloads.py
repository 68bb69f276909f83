from __future__ import annotations

from dataclasses import field
from datetime import datetime

import strawberry

from gateways import OfferedChallenge
from resolvers.accounts.sessions import Tokens
from resolvers.context import Context
from schema.accounts.client_types import ApiClient, Storefront
from schema.accounts.types import Organisation, Staff
from schema.actors import Viewer
from schema.errors import UserError


@strawberry.type(
    description="A challenge that people solve: a picture to type off, or a provider's widget to show."
)
class Challenge:
    provider: str = strawberry.field(
        description="`PICTURE` for the built-in one, else the name of the provider whose widget to show."
    )
    token: str = strawberry.field(
        description="Good for one answer: `challengeToken` is this, a dot and what the picture shows."
    )
    image_svg: str | None = strawberry.field(description="The picture, as an SVG document.")

    @classmethod
    def of(cls, offered: OfferedChallenge) -> Challenge:
        return cls(provider=offered.provider, token=offered.id, image_svg=offered.image_svg)


@strawberry.type
class SignInPayload:
    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    viewer: Viewer | None = None
    device_token: str | None = strawberry.field(
        description="To keep on this device and to send with later sign-ins; null for guests and refreshes.",
        default=None,
    )
    challenge: Challenge | None = strawberry.field(
        description="What to solve before a code is tried, beside the error `CHALLENGE_REQUIRED`.",
        default=None,
    )
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, tokens: Tokens, ctx: Context, device_token: str | None = None) -> SignInPayload:
        """`ctx` is the signed-in actor's."""
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
            viewer=Viewer.of(ctx),
            device_token=device_token,
        )


@strawberry.type
class SignOutPayload:
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class OtpRequestPayload:
    resend_at: datetime | None = None
    challenge: Challenge | None = strawberry.field(
        description="What to solve before a code is sent, beside the error `CHALLENGE_REQUIRED`.",
        default=None,
    )
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
