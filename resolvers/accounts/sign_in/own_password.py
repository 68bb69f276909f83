"""Changing one's own password."""

from __future__ import annotations

from models.accounts.password_rules import check_password
from models.accounts.passwords import hash_password
from models.accounts.sessions import SubjectKind
from models.accounts.staff import Staff
from models.database import transaction
from models.errors import InvalidInput
from resolvers.accounts import sessions
from resolvers.accounts.sign_in.confirmation import check_own_password
from resolvers.context import Context
from resolvers.permissions import confirmed, for_staff


@for_staff
@confirmed
async def change(ctx: Context, password: str, new_password: str) -> Staff:
    """Replace the password of the caller and end their other sessions.

    Raises: InvalidInput for a wrong password and a new one that is too weak, ConfirmationRequired,
    RateLimited, Expired where the password or the session was taken away meanwhile.
    """
    staff = await Staff.get(id=ctx.staff_id)
    check_password(new_password, staff.username, path=("newPassword",))
    await check_own_password(ctx, staff, password)
    if new_password == password:
        raise InvalidInput("The new password is the old one.", path=("newPassword",))
    await transaction(_change, ctx, staff, await hash_password(new_password))
    return staff


async def _change(ctx: Context, staff: Staff, password_hash: str) -> None:
    await sessions.hold_unchanged(ctx, staff)
    await Staff.filter(id=staff.id).update(password_hash=password_hash)
    await sessions.end_all(ctx, SubjectKind.STAFF, staff.id, keep=ctx.actor.session_id)
