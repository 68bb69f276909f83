"""What takes access away, or changes it: of staff, machines, client applications, sessions."""

from __future__ import annotations

import strawberry

from models.errors import InvalidInput
from resolvers.accounts import own_sessions
from resolvers.accounts.clients import updates as client_updates
from resolvers.accounts.staff import updates as staff_updates
from resolvers.accounts.staff.staff import GrantDraft
from resolvers.members import member_sessions
from schema.accounts.client_types import ApiClient, Storefront
from schema.accounts.inputs import (
    ApiClientRevokeInput,
    ApiClientSecretRotateInput,
    ApiClientUpdateInput,
    StaffUpdateInput,
    StorefrontUpdateInput,
)
from schema.accounts.payloads import ApiClientPayload, StaffPayload, StorefrontPayload
from schema.accounts.session_types import Session, SessionPayload, SessionRevokeInput
from schema.accounts.types import Staff
from schema.batches import kept_if_unset
from schema.errors import refusing
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.nulls import none_if_unset


@strawberry.type
class AccessMutations:
    @refusing(StaffPayload)
    async def staff_update(self, info: Info, input: StaffUpdateInput) -> StaffPayload:
        """Change a member of staff: name, phone, password, whether they may sign in, roles.

        Needs STAFF_WRITE.
        """
        grants = none_if_unset(input.grants)
        change = staff_updates.StaffChange(
            staff_id=row_id(input.staff_id, "Staff", path=("staffId",)),
            name=none_if_unset(input.name),
            password=none_if_unset(input.password),
            active=none_if_unset(input.active),
            phone=kept_if_unset(input.phone),
            grants=None
            if grants is None
            else [GrantDraft(each.role, each.organisation_code) for each in grants],
        )
        return StaffPayload(staff=Staff.of(await staff_updates.update(info.context, change)))

    @refusing(ApiClientPayload)
    async def api_client_update(self, info: Info, input: ApiClientUpdateInput) -> ApiClientPayload:
        """Rename a machine, or give it other scopes from now on. Needs API_CLIENT_WRITE."""
        row = await client_updates.update_api_client(
            info.context,
            _client_id(input.api_client_id),
            none_if_unset(input.name),
            none_if_unset(input.scopes),
        )
        return ApiClientPayload(client=ApiClient.of(row))

    @refusing(ApiClientPayload)
    async def api_client_revoke(self, info: Info, input: ApiClientRevokeInput) -> ApiClientPayload:
        """End a machine for good: its secrets are refused from now on, its subscriptions end.

        Needs API_CLIENT_WRITE.
        """
        row = await client_updates.revoke_api_client(
            info.context, _client_id(input.api_client_id), input.reason
        )
        return ApiClientPayload(client=ApiClient.of(row))

    @refusing(ApiClientPayload)
    async def api_client_secret_rotate(
        self, info: Info, input: ApiClientSecretRotateInput
    ) -> ApiClientPayload:
        """Give a machine a new secret, shown only here; the one before holds for the overlap.

        Needs API_CLIENT_WRITE.
        """
        row, secret = await client_updates.rotate_secret(
            info.context, _client_id(input.api_client_id), input.overlap_minutes
        )
        return ApiClientPayload(client=ApiClient.of(row), secret=secret)

    @refusing(StorefrontPayload)
    async def storefront_update(
        self, info: Info, input: StorefrontUpdateInput
    ) -> StorefrontPayload:
        """Rename a client application, give it a code, or switch it off and on. Needs STOREFRONT_WRITE."""
        storefront_id = row_id(input.storefront_id, "Storefront", path=("storefrontId",))
        row = await client_updates.update_storefront(
            info.context,
            storefront_id,
            none_if_unset(input.name),
            none_if_unset(input.active),
            kept_if_unset(input.code),
        )
        return StorefrontPayload(storefront=Storefront.of(row))

    @refusing(SessionPayload)
    async def session_revoke(self, info: Info, input: SessionRevokeInput) -> SessionPayload:
        """End sessions: their tokens are refused from now on, their subscriptions end.

        One's own need nothing, those of a member MEMBER_CONTACT_READ, of staff STAFF_WRITE.
        """
        ctx = info.context
        if input.session_id is not None:
            await own_sessions.end_one(
                ctx, row_id(input.session_id.value, "Session", path=("sessionId",))
            )
        elif input.staff_id is not None:
            await own_sessions.end_of_staff(
                ctx, row_id(input.staff_id.value, "Staff", path=("staffId",))
            )
        elif input.member_id is not None:
            await member_sessions.end_of_member(
                ctx, row_id(input.member_id.value, "Member", path=("memberId",))
            )
        elif input.all_others is not None and input.all_others.value:
            await own_sessions.end_others(ctx)
        else:
            raise InvalidInput("Only true means anything here.", path=("allOthers",))
        return SessionPayload(sessions=await Session.of_caller(ctx))


def _client_id(text: str) -> int:
    return row_id(text, "ApiClient", path=("apiClientId",))
