"""Accepting an invitation: its token sets the first password, once, and signs in.

A token that is unknown, used, revoked or too old is refused in the same words.
"""

from __future__ import annotations

from models.accounts.password_rules import check_password
from models.accounts.passwords import NO_PASSWORD, hash_password, token_hash
from models.accounts.staff import Staff, StaffInvitation
from models.database import transaction
from models.errors import Expired
from resolvers.accounts.sessions import issue_to_staff
from resolvers.accounts.sign_in import origins
from resolvers.accounts.sign_in.staff import SignedIn, subject_of
from resolvers.attempts import attempt, guesses
from resolvers.context import Context
from resolvers.permissions import for_anyone

# Tokens that are no good, of one address in fifteen minutes.
WRONG_TOKENS, A_QUARTER = 100, 900


@for_anyone
async def accept(ctx: Context, token: str, password: str) -> SignedIn:
    """Set the first password of whoever was invited, and begin their session.

    Raises: Expired for a token that is unknown, used, revoked or too old, InvalidInput for a password against
    the rules, RateLimited.
    """
    limits = guesses(
        ctx, "invitation", times=WRONG_TOKENS, seconds=A_QUARTER, address_times=WRONG_TOKENS
    )
    async with attempt(ctx, limits):
        shown = token_hash(token)
        staff = await _invited(ctx, shown)
    check_password(password, staff.username)
    return await transaction(_accept, ctx, shown, await hash_password(password))


async def _accept(ctx: Context, shown: str, password_hash: str) -> SignedIn:
    """Of parallel acceptances one holds the person's row first, and ends the invitation."""
    invited = await _invited(ctx, shown)
    await Staff.select_for_update().get(id=invited.id)
    staff = await _invited(ctx, shown)
    await StaffInvitation.filter(token_hash=shown).update(accepted_at=ctx.now())
    await Staff.filter(id=staff.id).update(password_hash=password_hash)
    staff.password_hash = password_hash
    tokens = await issue_to_staff(ctx, staff)
    subject = subject_of(staff.username)
    origin = await origins.origin_of(ctx, subject, None)
    return SignedIn(tokens, staff, await origins.remember(ctx, subject, None, origin))


async def _invited(ctx: Context, shown: str) -> Staff:
    """Whose open invitation has a token of this hash. Raises: Expired."""
    invitation = await StaffInvitation.open_at(ctx.now()).filter(token_hash=shown).first()
    staff = await Staff.filter(
        id=invitation.staff_id if invitation else 0, active=True, password_hash=NO_PASSWORD
    ).first()
    if staff is None:
        raise Expired("This invitation is no longer good. Ask for a new one.", path=("token",))
    return staff
