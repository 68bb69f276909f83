"""Signing in as a member; a guest who does brings carts and orders along."""

from __future__ import annotations

from models.database import transaction
from models.members.members import Member
from resolvers.accounts import one_time_codes
from resolvers.accounts.sessions import Tokens
from resolvers.context import Context
from resolvers.orders.claiming import take_over
from resolvers.permissions import for_anyone
from resolvers.referrals import sign_in


@for_anyone
async def otp_sign_in(
    ctx: Context, phone: str, code: str, name: str | None, referral_token: str | None
) -> tuple[Tokens, Member]:
    """The session of the member with this phone, who joins with it if there is none yet.

    Raises: InvalidInput, Expired for a code that is wrong or no longer good.
    """
    name = sign_in.name_of(name)
    # In a transaction of its own, so that a wrong try is counted.
    verified = await one_time_codes.verify(ctx, phone, code)
    return await transaction(_enter, ctx, verified, name, referral_token)


async def _enter(
    ctx: Context, verified_phone: str, name: str | None, referral_token: str | None
) -> tuple[Tokens, Member]:
    tokens, member, _ = await sign_in.enter(ctx, verified_phone, name, referral_token)
    if ctx.guest_id is not None:
        await take_over(ctx, ctx.guest_id, member)
    return tokens, member
