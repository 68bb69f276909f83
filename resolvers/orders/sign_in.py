"""Signing in as a member; a guest who does brings carts and orders along."""

from __future__ import annotations

from models.database import transaction
from models.members.members import Member
from resolvers.accounts.sessions import Tokens
from resolvers.accounts.sign_in import one_time_codes
from resolvers.context import Context
from resolvers.orders.cart.merging import transfer_to_member
from resolvers.permissions import for_anyone
from resolvers.referrals import sign_in


@for_anyone
async def otp_sign_in(
    ctx: Context,
    phone: str,
    code: str,
    name: str | None,
    referral_token: str | None,
    device_token: str | None = None,
    challenge_token: str | None = None,
) -> tuple[Tokens, Member, str]:
    """Begin the session of the member with this phone, who joins with it if there is none yet.

    Return the tokens, the member and the device's token.

    Raises: InvalidInput, Expired for a code that is wrong or no longer good, RateLimited,
    ChallengeRequired.
    """
    name = sign_in.name_of(name)
    # In a transaction of its own, so that a wrong try is counted.
    verified = await one_time_codes.verify(ctx, phone, code, device_token, challenge_token)
    return await transaction(_enter, ctx, verified, name, referral_token, device_token)


async def _enter(
    ctx: Context,
    verified_phone: str,
    name: str | None,
    referral_token: str | None,
    device_token: str | None,
) -> tuple[Tokens, Member, str]:
    tokens, member, _ = await sign_in.enter(ctx, verified_phone, name, referral_token)
    if ctx.guest_id is not None:
        await transfer_to_member(ctx, ctx.guest_id, member)
    device_token = await one_time_codes.remember(ctx, verified_phone, device_token)
    return tokens, member, device_token
