"""The sessions that a person is signed in with, and ending them: one's own, or those of staff one manages."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff
from models.bounds import SESSIONS
from models.database import transaction
from models.errors import Forbidden, NotFound, NotSignedIn
from resolvers.accounts.sessions import end_all
from resolvers.accounts.staff.rank import manages, outranks
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone, requires


@for_anyone
async def of_caller(ctx: Context) -> list[Session]:
    """The caller's open sessions, the latest first, at most 100; none for machines and strangers."""
    return await _open(ctx).order_by("-id").limit(SESSIONS)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Session]:
    """Those of the sessions that are the caller's own and open."""
    return {row.id: row for row in await _open(ctx).filter(id__in=set(ids))}


@for_anyone
async def end_one(ctx: Context, session_id: int) -> None:
    """End one of the caller's sessions. Raises: NotFound for anybody else's, NotSignedIn."""
    _refuse_strangers(ctx)
    if not await transaction(_end, ctx, session_id):
        raise NotFound("There is no such session.", path=("sessionId",))


@for_anyone
async def end_others(ctx: Context) -> None:
    """End all sessions of the caller but the one that asks. Raises: NotSignedIn."""
    _refuse_strangers(ctx)
    await transaction(
        end_all, ctx, SubjectKind(ctx.actor.kind), ctx.actor.id or 0, ctx.actor.session_id
    )


@requires(Permission.STAFF_WRITE)
async def end_of_staff(ctx: Context, staff_id: int) -> None:
    """End all sessions of a member of staff.

    Raises: NotFound for somebody without a role in the caller's territory, Forbidden for somebody who may
    do more than the caller.
    """
    await transaction(_end_of_staff, ctx, staff_id)


async def _end_of_staff(ctx: Context, staff_id: int) -> None:
    # A sign-in holds this row until its session is there to be ended, and whoever changes roles does.
    await Staff.filter(id=staff_id).select_for_update().first()
    if not await manages(ctx, [staff_id]):
        raise NotFound("There is no such member of staff.", path=("staffId",))
    if not await outranks(ctx, staff_id):
        raise Forbidden(
            "This person may do more than you. You can only change their roles in your territory.",
            path=("staffId",),
        )
    await end_all(ctx, SubjectKind.STAFF, staff_id)


async def _end(ctx: Context, session_id: int) -> bool:
    return bool(await _open(ctx).filter(id=session_id).update(revoked_at=ctx.now()))


def _open(ctx: Context) -> QuerySet[Session]:
    if ctx.actor.id is None or str(ctx.actor.kind) not in set(SubjectKind):
        return Session.filter(id=-1)
    return Session.filter(
        kind=SubjectKind(ctx.actor.kind),
        subject_id=ctx.actor.id,
        revoked_at=None,
        refresh_expires_at__gt=ctx.now(),
    )


def _refuse_strangers(ctx: Context) -> None:
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
