"""Mutations about one's own password and second factor, and a manager's reset of the latter."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

import strawberry

from models.bounds import RECOVERY_CODES
from resolvers.accounts.sign_in import confirmation, own_password, second_factors
from resolvers.accounts.sign_in.second_factors import SecondFactor
from schema.accounts.payloads import StaffPayload
from schema.accounts.types import Staff
from schema.cost.directives import cost, sized_list
from schema.errors import UserError, refusing
from schema.info import Info
from schema.nodes.nodes import row_id


@strawberry.input
class PasswordChangeInput:
    password: str = strawberry.field(description="The present password.")
    new_password: str = strawberry.field(
        description="12 to 200 characters that do not consist of well-known words, runs or the username."
    )


@strawberry.input
class SecondFactorInput:
    code: str | None = strawberry.field(
        description="Six digits that the authenticator shows for the secret: null to be given a secret.",
        default=None,
    )


@strawberry.input
class SecondFactorResetInput:
    staff_id: strawberry.ID = strawberry.field(description="Whose second factor is switched off.")
    code: str | None = strawberry.field(
        description="For one's own: six digits of the authenticator, or a recovery code.",
        default=None,
    )


@strawberry.type
class SecondFactorPayload:
    secret: str | None = strawberry.field(
        description="The secret to type into an authenticator (Base32); shown this once.",
        default=None,
    )
    qr_svg: str | None = strawberry.field(
        description="The same as a QR code to scan, an SVG document.", default=None
    )
    enabled: bool = strawberry.field(
        description="Whether signing in asks for a code from now on.", default=False
    )
    recovery_codes: list[str] | None = sized_list(
        RECOVERY_CODES,
        description="Ten codes to keep on paper, each good once in place of six digits; shown this once.",
        default=None,
    )
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, factor: SecondFactor) -> SecondFactorPayload:
        return cls(
            secret=factor.secret,
            qr_svg=factor.qr_svg,
            enabled=factor.enabled,
            recovery_codes=list(factor.recovery_codes) or None,
        )


@strawberry.input
class SessionConfirmInput:
    password: str = strawberry.field(description="Your password.")
    second_factor_code: str | None = strawberry.field(
        description="Six digits of the authenticator, or a recovery code, where a second factor is on.",
        default=None,
    )


@strawberry.type
class SessionConfirmPayload:
    confirmed_until: datetime | None = strawberry.field(
        description="Until when this session may change who can get in.", default=None
    )
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class SecurityMutations:
    @cost(30_000)  # a hash of a password
    @refusing(SessionConfirmPayload)
    async def session_confirm(
        self, info: Info, input: SessionConfirmInput
    ) -> SessionConfirmPayload:
        """Show again that it is you, after `CONFIRMATION_REQUIRED`: staff only, a sign-in does so, too."""
        until = await confirmation.confirm(info.context, input.password, input.second_factor_code)
        return SessionConfirmPayload(confirmed_until=until)

    @cost(60_000)  # two hashes: the password before and the one after
    @refusing(StaffPayload)
    async def password_change(self, info: Info, input: PasswordChangeInput) -> StaffPayload:
        """Replace your password; your other sessions end."""
        row = await own_password.change(info.context, input.password, input.new_password)
        return StaffPayload(staff=Staff.of(row))

    @refusing(SecondFactorPayload)
    async def second_factor_set(self, info: Info, input: SecondFactorInput) -> SecondFactorPayload:
        """Set up your second factor: without a code shows a new secret, with its code switches it on."""
        return SecondFactorPayload.of(await second_factors.set_up(info.context, input.code))

    @refusing(StaffPayload)
    async def second_factor_reset(self, info: Info, input: SecondFactorResetInput) -> StaffPayload:
        """Switch a second factor off: your own with a code, or that of staff whom you manage."""
        staff_id = row_id(input.staff_id, "Staff", path=("staffId",))
        return StaffPayload(
            staff=Staff.of(await second_factors.reset(info.context, staff_id, input.code))
        )
