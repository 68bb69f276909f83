"""Signed-in sessions: bearer tokens that expire, refresh tokens that rotate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tortoise.queryset import QuerySet

from models.accounts.clients import ApiClient
from models.accounts.passwords import new_token, token_hash
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff
from models.database import transaction
from models.errors import Expired, InvalidInput
from resolvers.attempts import attempt, guesses
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone

# Of one caller in five minutes; an address has ten times as many.
FAILED_REFRESHES = 100


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the client keeps; shown this once. The session and its confirmation are for the server."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    session_id: int
    confirmed_at: datetime | None


async def issue(
    ctx: Context, kind: Literal[SubjectKind.GUEST, SubjectKind.MEMBER], subject_id: int
) -> Tokens:
    """Begin a guest's or member's session; call it inside the transaction that signs in."""
    return await _begin(ctx, kind, subject_id)


async def issue_to_staff(ctx: Context, verified: Staff) -> Tokens:
    """The same for a member of staff, as their password and second factor were verified.

    The account's row is held: whoever takes the account away then sees the new session, or stops it.

    Raises: Expired where account, password or second factor have been changed meanwhile.
    """
    await hold_unchanged(ctx, verified)
    now = ctx.now()
    await Staff.filter(id=verified.id).update(last_sign_in_at=now)
    return await _begin(ctx, SubjectKind.STAFF, verified.id, now)


@for_anyone
async def refresh(ctx: Context, refresh_token: str) -> tuple[Tokens, Session]:
    """Rotate a session's tokens.

    Raises: InvalidInput for an unknown token, Expired for one that ran out or was used before; the latter
    ends the session, since two hands hold it. RateLimited after many failures from one address.
    """
    async with attempt(ctx, guesses(ctx, "refresh token", times=FAILED_REFRESHES, seconds=300)):
        tokens, session = await transaction(_refresh, ctx, token_hash(refresh_token))
        if tokens is None:
            raise Expired(
                "This refresh token is no longer good. Sign in again.", path=("refreshToken",)
            )
    return tokens, session


@for_anyone
async def sign_out(ctx: Context) -> None:
    """End the caller's session; without one there is nothing to end."""
    if ctx.actor.session_id:
        await transaction(_revoke, ctx, ctx.actor.session_id)


async def end_all(
    ctx: Context, kind: SubjectKind, subject_id: int, keep: int | None = None
) -> None:
    """End the sessions of one member or member of staff, but the one with the ID `keep`."""
    sessions = Session.filter(kind=kind, subject_id=subject_id, revoked_at=None)
    await (sessions if keep is None else sessions.exclude(id=keep)).update(revoked_at=ctx.now())


async def _refresh(ctx: Context, shown_hash: str) -> tuple[Tokens | None, Session]:
    session = await Session.filter(refresh_hash=shown_hash).select_for_update().first()
    if session is None:
        stolen = await Session.filter(spent_refresh_hash=shown_hash).first()
        if stolen is None:
            raise InvalidInput("This is not a refresh token.", path=("refreshToken",))
        await _revoke(ctx, stolen.id)
        return None, stolen
    if session.revoked_at or session.refresh_expires_at <= ctx.now():
        return None, session
    secrets, columns = _new_tokens(ctx, session.kind)
    await Session.filter(id=session.id).update(
        **columns, spent_refresh_hash=shown_hash, refreshed_at=ctx.now()
    )
    return Tokens(*secrets, session.id, session.confirmed_at), session


async def _revoke(ctx: Context, session_id: int) -> None:
    await Session.filter(id=session_id, revoked_at=None).update(revoked_at=ctx.now())


async def hold_unchanged(ctx: Context, verified: Staff) -> None:
    """Hold the row of a member of staff inside the transaction that relies on what was verified.

    Raises: Expired unless account, password, second factor and the caller's session are still the same.
    """
    staff = await Staff.select_for_update().get(id=verified.id)
    same = staff.active and (staff.password_hash, staff.second_factor_at) == (
        verified.password_hash,
        verified.second_factor_at,
    )
    if not same:
        raise Expired("This account or its password has just been changed. Sign in again.")
    await still_signed_in(ctx)


async def still_signed_in(ctx: Context) -> None:
    """Hold what the caller came in with until the end of the transaction.

    Whoever takes it away meanwhile waits, so that nothing is done by it afterwards.

    Raises: Expired where it has been taken away already.
    """
    actor = ctx.actor
    held: QuerySet[Any] | None = None
    if actor.session_id:
        held = Session.filter(id=actor.session_id, revoked_at=None)
    elif actor.kind is ActorKind.API_CLIENT:
        held = ApiClient.filter(id=actor.id, active=True)
    if held is not None and not await held.select_for_update().first():
        raise Expired("Your session has ended. Sign in again.")


async def _begin(
    ctx: Context, kind: SubjectKind, subject_id: int, confirmed_at: datetime | None = None
) -> Tokens:
    secrets, columns = _new_tokens(ctx, kind)
    session = await Session.create(
        kind=kind,
        subject_id=subject_id,
        channel=ctx.channel,
        device=_printable(ctx.device) or None,
        confirmed_at=confirmed_at,
        **columns,
    )
    return Tokens(*secrets, session.id, confirmed_at)


def _printable(device: str) -> str:
    return "".join(each for each in device[:200] if each.isprintable()).strip()


def _new_tokens(
    ctx: Context, kind: SubjectKind
) -> tuple[tuple[str, str, datetime], dict[str, Any]]:
    """An access and a refresh token with the end of the former, and the columns of their session."""
    settings, now = ctx.settings, ctx.now()
    days = settings.guest_token_days if kind is SubjectKind.GUEST else settings.refresh_token_days
    access_token, refresh_token = new_token("qa"), new_token("qr")
    expires_at = now + timedelta(minutes=settings.access_token_minutes)
    columns = {
        "access_hash": token_hash(access_token),
        "access_expires_at": expires_at,
        "refresh_hash": token_hash(refresh_token),
        "refresh_expires_at": now + timedelta(days=days),
    }
    return (access_token, refresh_token, expires_at), columns
