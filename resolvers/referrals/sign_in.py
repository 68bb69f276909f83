"""Signing in by phone: one member for one phone, bound to whoever brought them."""

from __future__ import annotations

import logging

from models.accounts.sessions import SubjectKind
from models.database import in_transaction_now, transaction
from models.errors import Refusal
from models.members.members import Member
from resolvers.accounts import sessions
from resolvers.accounts.sessions import Tokens
from resolvers.accounts.sign_in import one_time_codes
from resolvers.context import Context
from resolvers.members import registration
from resolvers.referrals import binding
from resolvers.referrals.tokens import sharer_of
from resolvers.validation import text_of

log = logging.getLogger(__name__)


async def sign_in(
    ctx: Context, phone: str, code: str, name: str | None, referral_token: str | None
) -> tuple[Tokens, Member, bool]:
    """The session and the member of a phone whose code is right, and whether they are new.

    Not to be called inside a transaction: a wrong code is counted in one of its own. Who has more to do
    with the sign-in calls `name_of`, `one_time_codes.verify` and then `enter` inside theirs.

    Raises: InvalidInput, Expired.
    """
    assert not in_transaction_now()  # noqa: S101 - a refusal would forget the wrong try
    name = name_of(name)
    phone = await one_time_codes.verify(ctx, phone, code)
    return await transaction(enter, ctx, phone, name, referral_token)


def name_of(name: str | None) -> str | None:
    """A name as it will be kept; checked before a code is used up. Raises: InvalidInput."""
    return None if name is None else text_of(name, "name", 100)


async def enter(
    ctx: Context, verified_phone: str, name: str | None, referral_token: str | None
) -> tuple[Tokens, Member, bool]:
    """The rest of `sign_in`, inside the caller's transaction; the phone has been verified.

    A referral token that is unknown, one's own, or too late does not stop anybody from signing in.
    """
    member, is_new = await registration.find_or_create(ctx, verified_phone, name)
    if referral_token:
        member = await _bind_if_possible(ctx, member, referral_token, is_new=is_new)
    return await sessions.issue(ctx, SubjectKind.MEMBER, member.id), member, is_new


async def _bind_if_possible(ctx: Context, member: Member, token: str, *, is_new: bool) -> Member:
    sharer = await sharer_of(member.merchant_id, token)
    if sharer is None:
        return member
    try:
        return await binding.bind(ctx, member, sharer, is_new=is_new)
    except Refusal as refusal:
        log.info("member %s was not bound at sign-in: %s", member.id, refusal)
        return member
