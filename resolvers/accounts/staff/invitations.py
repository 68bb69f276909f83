"""Inviting members of staff by text message: they set their own password by a token.

The token is made when the message is sent, and kept as a hash: no job and no row holds it. At most one
invitation of a person is open; another one, a password, another phone and a deactivation revoke it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateways import InvitationMessage, Limit
from models.accounts.passwords import NO_PASSWORD, new_token, token_hash
from models.accounts.roles import Permission
from models.accounts.staff import Staff, StaffInvitation
from models.database import any_of, array, fetch, transaction
from models.errors import InvalidInput, LimitExceeded, NotFound, StateConflict
from models.keys.encryption import ring
from resolvers.accounts.sessions import still_signed_in
from resolvers.accounts.staff.lists import known_in_full
from resolvers.accounts.staff.rank import manages, outranks
from resolvers.accounts.staff.staff import StaffDraft, add, check
from resolvers.background.jobs import Handlers, enqueue
from resolvers.context import ActorKind, Context
from resolvers.permissions import confirmed, for_anyone, requires
from resolvers.validation import phone_of

SEND_JOB = "staff.invitation"
AN_HOUR, A_DAY = 3600, 86_400
# Messages to one phone a day, and of one inviter an hour.
PER_PHONE, PER_INVITER = 5, 100
TOO_OFTEN = "Too many invitations were sent. Try again in {seconds} seconds."


@requires(Permission.STAFF_WRITE)
@confirmed
async def invite(ctx: Context, draft: StaffDraft) -> Staff:
    """Add a member of staff without a password, by the rules of `staff.create`, and send them an invitation.

    Raises: InvalidInput, NotFound for a node outside the caller's territory, Duplicate, LimitExceeded,
    ConfirmationRequired.
    """
    check(draft)
    phone = phone_of(draft.phone or "", "phone")
    limits = await _count(ctx, phone)
    try:
        return await transaction(_invite, ctx, replace(draft, phone=phone))
    except Exception:
        await ctx.gateways.rate_limits.give_back(limits)
        raise


@requires(Permission.STAFF_WRITE)
@confirmed
async def send_again(ctx: Context, staff_id: int) -> Staff:
    """Send another invitation to somebody who has no password yet; the one before is void at once.

    Raises: NotFound for somebody whom the caller does not manage or who may do more, StateConflict for one
    who has a password or is switched off, InvalidInput for one without a phone, LimitExceeded,
    ConfirmationRequired.
    """
    staff = await _managed(ctx, staff_id)
    _check_invitable(staff)
    limits = await _count(ctx, staff.phone or "")
    try:
        return await transaction(_send_again, ctx, staff_id)
    except Exception:
        await ctx.gateways.rate_limits.give_back(limits)
        raise


@requires(Permission.STAFF_WRITE)
@confirmed
async def revoke(ctx: Context, staff_id: int) -> Staff:
    """Make the open invitation of somebody void.

    Raises: NotFound for somebody whom the caller does not manage or who may do more, StateConflict where none
    is open, ConfirmationRequired.
    """
    return await transaction(_revoke, ctx, staff_id)


@for_anyone
async def latest_of(ctx: Context, staff_ids: Sequence[int]) -> dict[int, StaffInvitation]:
    """The latest invitation of each, for those who manage them."""
    known = sorted(await known_in_full(ctx, staff_ids))
    if not known:
        return {}
    rows = await fetch(
        f"SELECT MAX(id) AS id FROM staff_invitation WHERE {any_of('staff_id')} GROUP BY staff_id",
        array(known),
    )
    found = await StaffInvitation.filter(id__in=[row["id"] for row in rows])
    return {each.staff_id: each for each in found}


async def open_anew(ctx: Context, staff: Staff) -> None:
    """Open an invitation inside the transaction that holds the person's row; it is sent after the commit."""
    await revoke_open(ctx, staff.id)
    invitation = await StaffInvitation.create(
        staff_id=staff.id,
        expires_at=ctx.now() + timedelta(hours=ctx.settings.invitation_hours),
        inviter_kind=ctx.actor.kind,
        inviter_id=ctx.actor.id,
    )
    await enqueue(ctx, SEND_JOB, {"invitationId": invitation.id})


async def revoke_open(ctx: Context, staff_id: int) -> int:
    """Make invitations of a person void inside the caller's transaction. Return how many were open."""
    now = ctx.now()
    return (
        await StaffInvitation.open_at(now)
        .filter(staff_id=staff_id)
        .update(revoked_at=now, revoker_kind=ctx.actor.kind, revoker_id=ctx.actor.id)
    )


async def send(ctx: Context, payload: dict[str, Any]) -> None:
    """Give an invitation its token and send it, unless it was sent or is void. Raises: GatewayError."""
    invitation_id = int(payload["invitationId"])
    if message := await transaction(_issue, ctx, invitation_id):
        await ctx.gateways.sms.send_invitation(message)
        await transaction(_note_sent, ctx, invitation_id)


async def _count(ctx: Context, phone: str) -> list[Limit]:
    """Count a message before anything looks at who it is for. Raises: LimitExceeded."""
    whose = ring().first.index("limit of invitations", phone)
    limits = [
        Limit("invitation to phone", whose, PER_PHONE, A_DAY),
        Limit("invitation by", ctx.actor.key, PER_INVITER, AN_HOUR),
    ]
    if seconds := await ctx.gateways.rate_limits.take(limits):
        raise LimitExceeded(TOO_OFTEN, path=("phone",), seconds=seconds)
    return limits


async def _invite(ctx: Context, draft: StaffDraft) -> Staff:
    staff = await add(ctx, draft, NO_PASSWORD)
    await open_anew(ctx, staff)
    return staff


async def _send_again(ctx: Context, staff_id: int) -> Staff:
    staff = await _locked(ctx, staff_id)
    _check_invitable(staff)
    await open_anew(ctx, staff)
    return staff


async def _revoke(ctx: Context, staff_id: int) -> Staff:
    staff = await _locked(ctx, staff_id)
    if not await revoke_open(ctx, staff_id):
        raise StateConflict(
            "No invitation is open.",
            state="NONE",
            allowed=["staffInvitationSend"],
            path=("staffId",),
        )
    return staff


async def _locked(ctx: Context, staff_id: int) -> Staff:
    """Hold the person's row, and look at who they are while nobody can change it."""
    await Staff.select_for_update().filter(id=staff_id).first()
    await still_signed_in(ctx)
    return await _managed(ctx, staff_id)


async def _managed(ctx: Context, staff_id: int) -> Staff:
    """Raises: NotFound for somebody whom the caller does not manage, or who may do more than they."""
    staff = await Staff.filter(id=staff_id).first()
    everybody = ctx.actor.kind is ActorKind.SYSTEM
    if staff is None or not (
        everybody or (await manages(ctx, [staff_id]) and await outranks(ctx, staff_id))
    ):
        raise NotFound("There is no such member of staff.", path=("staffId",))
    return staff


def _check_invitable(staff: Staff) -> None:
    """Raises: StateConflict, InvalidInput."""
    if staff.password_hash != NO_PASSWORD:
        raise StateConflict(
            "This person has a password already.", state="HAS_PASSWORD", path=("staffId",)
        )
    if not staff.active:
        raise StateConflict(
            "This person is switched off.",
            state="INACTIVE",
            allowed=["staffUpdate"],
            path=("staffId",),
        )
    if staff.phone is None:
        raise InvalidInput("This person has no phone: give one by staffUpdate.", path=("staffId",))


async def _issue(ctx: Context, invitation_id: int) -> InvitationMessage | None:
    invitation = await StaffInvitation.select_for_update().get(id=invitation_id)
    staff = await Staff.get(id=invitation.staff_id)
    now = ctx.now()
    is_over = invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= now
    if is_over or invitation.sent_at or staff.phone is None:
        return None
    token = new_token("qi")
    await StaffInvitation.filter(id=invitation_id).update(token_hash=token_hash(token))
    page = ctx.settings.invitation_url
    return InvitationMessage(
        phone=staff.phone,
        token=token,
        url=f"{page}#{token}" if page else "",
        expires_at=invitation.expires_at,
        sent_at=now,
    )


async def _note_sent(ctx: Context, invitation_id: int) -> None:
    await StaffInvitation.filter(id=invitation_id).update(sent_at=ctx.now())


HANDLERS: Handlers = {SEND_JOB: send}
