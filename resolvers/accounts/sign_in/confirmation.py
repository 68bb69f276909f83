"""Showing password and second factor again within a session, before changing who can get in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateways import Limit
from models.accounts.passwords import verify_password
from models.accounts.sessions import Session
from models.accounts.staff import Staff
from models.database import transaction
from models.errors import InvalidInput, SecondFactorRequired
from resolvers.accounts import sessions
from resolvers.accounts.sign_in import second_factors
from resolvers.attempts import attempt, guesses
from resolvers.context import Context
from resolvers.permissions import for_staff


@for_staff
async def confirm(ctx: Context, password: str, code: str | None) -> datetime:
    """Confirm the caller's session. Return until when that holds.

    Raises: InvalidInput for a wrong password or code, SecondFactorRequired without one where it is on,
    RateLimited, Expired where account or session were taken away meanwhile.
    """
    staff = await Staff.get(id=ctx.staff_id)
    if staff.second_factor_at is not None and not code:
        raise SecondFactorRequired(
            "Send a code of your second factor, too.", path=("secondFactorCode",)
        )
    await check_own_password(ctx, staff, password)
    if staff.second_factor_at is None:
        await transaction(_confirm, ctx, staff)
    else:
        async with second_factors.guess(ctx, staff.id):
            await transaction(_confirm, ctx, staff, code or "")
    now = ctx.now()
    ctx.actor = replace(ctx.actor, confirmed_at=now)
    return now + timedelta(minutes=ctx.settings.confirmation_minutes)


async def check_own_password(ctx: Context, staff: Staff, password: str) -> None:
    """Verify the caller's password. A stolen session guesses ten times, and slows down no other one.

    Raises: InvalidInput, RateLimited.
    """
    session = f"session {ctx.actor.session_id}"
    of_session = Limit("own password", session, 10, 900)
    async with attempt(ctx, [of_session, *guesses(ctx, "own password", times=10, seconds=900)[1:]]):
        if not await verify_password(password, staff.password_hash):
            raise InvalidInput("This password is wrong.", path=("password",))


async def _confirm(ctx: Context, staff: Staff, code: str | None = None) -> None:
    await sessions.hold_unchanged(ctx, staff)
    if code is not None and not await second_factors.use_code(ctx, staff, code):
        raise InvalidInput("This code is wrong or was used before.", path=("secondFactorCode",))
    await Session.filter(id=ctx.actor.session_id).update(confirmed_at=ctx.now())
