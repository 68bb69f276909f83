"""Inviting staff, and accepting an invitation."""

from __future__ import annotations

import strawberry

from models.accounts.sessions import SubjectKind
from resolvers.accounts.identity import become
from resolvers.accounts.sign_in import invitations as sign_in_invitations
from resolvers.accounts.staff import invitations
from resolvers.accounts.staff.staff import GrantDraft, StaffDraft
from schema.accounts.inputs import GrantInput
from schema.accounts.payloads import SignInPayload, StaffPayload
from schema.accounts.types import Staff
from schema.cost.directives import cost
from schema.errors import refusing
from schema.info import Info
from schema.nodes.nodes import row_id


@strawberry.input(description="Somebody new in the staff, who sets their own password.")
class StaffInviteInput:
    username: str = strawberry.field(description="What they will sign in with: 2 to 64 characters.")
    name: str = strawberry.field(description="What colleagues read, in 1 to 100 characters.")
    phone: str = strawberry.field(description="The mobile number that the invitation goes to.")
    grants: list[GrantInput] = strawberry.field(description="Which roles they get where.")


@strawberry.input(description="Whose invitation it is about.")
class StaffInvitationActInput:
    staff_id: strawberry.ID = strawberry.field(description="Somebody who has no password yet.")


@strawberry.input(description="What came by text message, and the password that shall hold.")
class StaffInvitationAcceptInput:
    token: str = strawberry.field(description="The token of the message; it is good once.")
    password: str = strawberry.field(description="Your password, by the rules for passwords.")


@strawberry.type
class InvitationMutations:
    @refusing(StaffPayload)
    async def staff_invite(self, info: Info, input: StaffInviteInput) -> StaffPayload:
        """Add a member of staff as `staffCreate` does, who sets their own password by a text message.

        Needs STAFF_WRITE.
        """
        draft = StaffDraft(
            username=input.username,
            password="",
            name=input.name,
            phone=input.phone,
            grants=[GrantDraft(each.role, each.organisation_code) for each in input.grants],
        )
        return StaffPayload(staff=Staff.of(await invitations.invite(info.context, draft)))

    @refusing(StaffPayload)
    async def staff_invitation_send(
        self, info: Info, input: StaffInvitationActInput
    ) -> StaffPayload:
        """Send an invitation, or another one, to somebody without a password; the one before is void.

        Needs STAFF_WRITE.
        """
        row = await invitations.send_again(info.context, _staff_id(input))
        return StaffPayload(staff=Staff.of(row))

    @refusing(StaffPayload)
    async def staff_invitation_revoke(
        self, info: Info, input: StaffInvitationActInput
    ) -> StaffPayload:
        """Make an open invitation void at once. Needs STAFF_WRITE."""
        row = await invitations.revoke(info.context, _staff_id(input))
        return StaffPayload(staff=Staff.of(row))

    @cost(30_000)  # a hash of a password
    @refusing(SignInPayload)
    async def staff_invitation_accept(
        self, info: Info, input: StaffInvitationAcceptInput
    ) -> SignInPayload:
        """Set your first password by an invitation, once, and sign in."""
        signed_in = await sign_in_invitations.accept(info.context, input.token, input.password)
        await become(info.context, SubjectKind.STAFF, signed_in.staff.id, signed_in.tokens)
        return SignInPayload.of(signed_in.tokens, info.context, signed_in.device_token)


def _staff_id(input: StaffInvitationActInput) -> int:
    return row_id(input.staff_id, "Staff", path=("staffId",))
