from __future__ import annotations

import strawberry

from models.accounts.sessions import SubjectKind
from models.errors import ChallengeRequired
from resolvers.accounts import sessions
from resolvers.accounts.clients import clients
from resolvers.accounts.identity import become
from resolvers.accounts.organisations import organisations
from resolvers.accounts.sign_in import guests, one_time_codes
from resolvers.accounts.sign_in import staff as staff_sign_in
from resolvers.accounts.staff import staff
from schema.accounts.client_types import ApiClient, Storefront
from schema.accounts.inputs import (
    ApiClientCreateInput,
    OrganisationUpsertInput,
    OtpRequestInput,
    StaffCreateInput,
    StaffSignInInput,
    StorefrontCreateInput,
    TokenRefreshInput,
)
from schema.accounts.payloads import (
    ApiClientPayload,
    Challenge,
    OrganisationPayload,
    OtpRequestPayload,
    SignInPayload,
    SignOutPayload,
    StaffPayload,
    StorefrontPayload,
)
from schema.accounts.types import Organisation, Staff
from schema.batches import kept_if_unset
from schema.cost.directives import cost
from schema.errors import refusing, user_errors
from schema.info import Info


@strawberry.type
class AccountMutations:
    @refusing(SignInPayload)
    async def guest_sign_in(self, info: Info) -> SignInPayload:
        """A visitor's session: it owns carts and orders until a sign-in with its token takes them over."""
        tokens, guest = await guests.sign_in(info.context)
        await become(info.context, SubjectKind.GUEST, guest.id, tokens)
        return SignInPayload.of(tokens, info.context)

    @cost(30_000)  # a hash of a password
    @refusing(SignInPayload)
    async def staff_sign_in(self, info: Info, input: StaffSignInInput) -> SignInPayload:
        """Sign in with a password and, where a second factor is on, a code of it."""
        signed_in = await staff_sign_in.sign_in(
            info.context,
            staff_sign_in.Credentials(
                username=input.username,
                password=input.password,
                second_factor_code=input.second_factor_code,
                device_token=input.device_token,
            ),
        )
        await become(info.context, SubjectKind.STAFF, signed_in.staff.id, signed_in.tokens)
        return SignInPayload.of(signed_in.tokens, info.context, signed_in.device_token)

    @refusing(SignInPayload)
    async def token_refresh(self, info: Info, input: TokenRefreshInput) -> SignInPayload:
        """New tokens for old: a refresh token is good once, and shown again it ends the session."""
        tokens, session = await sessions.refresh(info.context, input.refresh_token)
        await become(info.context, session.kind, session.subject_id, tokens)
        return SignInPayload.of(tokens, info.context)

    @refusing(SignOutPayload)
    async def sign_out(self, info: Info) -> SignOutPayload:
        await sessions.sign_out(info.context)
        return SignOutPayload()

    @refusing(OtpRequestPayload)
    async def otp_request(self, info: Info, input: OtpRequestInput) -> OtpRequestPayload:
        """Send a one-time code by text message. The answer is the same whether the phone is known or not."""
        try:
            resend_at = await one_time_codes.request(
                info.context, input.phone, input.challenge_token, input.device_token
            )
        except ChallengeRequired as refusal:
            offered = await one_time_codes.offer_challenge(info.context)
            return OtpRequestPayload(
                challenge=Challenge.of(offered) if offered else None,
                user_errors=user_errors(refusal, info.context),
            )
        return OtpRequestPayload(resend_at=resend_at)

    @cost(30_000)  # a hash of a password
    @refusing(StaffPayload)
    async def staff_create(self, info: Info, input: StaffCreateInput) -> StaffPayload:
        """Add a member of staff, with roles the caller holds in full at the same place.

        Needs STAFF_WRITE.
        """
        draft = staff.StaffDraft(
            username=input.username,
            password=input.password,
            name=input.name,
            grants=[staff.GrantDraft(each.role, each.organisation_code) for each in input.grants],
        )
        return StaffPayload(staff=Staff.of(await staff.create(info.context, draft)))

    @refusing(ApiClientPayload)
    async def api_client_create(self, info: Info, input: ApiClientCreateInput) -> ApiClientPayload:
        """Add a machine; its secret is its bearer token and is shown only here.

        Needs API_CLIENT_WRITE.
        """
        row, secret = await clients.create_api_client(
            info.context, input.name, input.scopes, input.organisation_code
        )
        return ApiClientPayload(client=ApiClient.of(row), secret=secret)

    @refusing(OrganisationPayload)
    async def organisation_upsert(
        self, info: Info, input: OrganisationUpsertInput
    ) -> OrganisationPayload:
        """Add a merchant, region or store to the tree, or rename or move the one with this code.

        Given another parent it moves with all below it. Roles granted on it and below stand.
        Needs ORGANISATION_WRITE.
        """
        draft = organisations.OrganisationDraft(
            code=input.code,
            name=input.name,
            kind=input.kind,
            parent_code=kept_if_unset(input.parent_code),
        )
        row = await organisations.upsert(info.context, draft)
        return OrganisationPayload(organisation=Organisation.of(row))

    @refusing(StorefrontPayload)
    async def storefront_create(
        self, info: Info, input: StorefrontCreateInput
    ) -> StorefrontPayload:
        """Add a client application; its key says which channel a request comes through.

        Needs STOREFRONT_WRITE.
        """
        row = await clients.create_storefront(
            info.context, input.name, input.channel, input.organisation_code, input.code
        )
        return StorefrontPayload(storefront=Storefront.of(row))
