"""Invitations of staff, for those who manage them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from models.accounts.staff import StaffInvitation as StaffInvitationRow
from resolvers.context import Context
from schema.actors import Actor, actors
from schema.batching import batched


@strawberry.enum(description="What has become of an invitation.")
class StaffInvitationStatus(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@strawberry.type(description="A text message by which somebody sets their own first password.")
class StaffInvitation:
    status: StaffInvitationStatus = strawberry.field(description="What has become of it.")
    invited_at: datetime = strawberry.field(description="When it was asked for.")
    sent_at: datetime | None = strawberry.field(
        description="When the message went out; null until then."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")
    accepted_at: datetime | None = strawberry.field(description="When the password was set by it.")
    revoked_at: datetime | None = strawberry.field(
        description="When it was made void: by hand, by another one, or by a change of the person."
    )
    row: strawberry.Private[StaffInvitationRow]

    @batched
    @staticmethod
    async def invited_by(parents: list[StaffInvitation], ctx: Context) -> list[Actor | None]:
        """Who asked for it."""
        return await actors(ctx, [(each.row.inviter_kind, each.row.inviter_id) for each in parents])

    @batched
    @staticmethod
    async def revoked_by(parents: list[StaffInvitation], ctx: Context) -> list[Actor | None]:
        """Who made it void."""
        return await actors(
            ctx, [(each.row.revoker_kind or "", each.row.revoker_id) for each in parents]
        )

    @classmethod
    def optional(cls, row: StaffInvitationRow | None, ctx: Context) -> StaffInvitation | None:
        if row is None:
            return None
        return cls(
            status=_status(row, ctx.now()),
            invited_at=row.created_at,
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            accepted_at=row.accepted_at,
            revoked_at=row.revoked_at,
            row=row,
        )


def _status(row: StaffInvitationRow, now: datetime) -> StaffInvitationStatus:
    if row.accepted_at:
        return StaffInvitationStatus.ACCEPTED
    if row.revoked_at:
        return StaffInvitationStatus.REVOKED
    is_open = row.expires_at > now
    return StaffInvitationStatus.OPEN if is_open else StaffInvitationStatus.EXPIRED
