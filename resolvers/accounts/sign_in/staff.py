"""Signing in as a member of staff: a name, a password, and a code where a second factor is on.

Attempts are counted before the password is verified. Wrong ones make further ones wait, ever longer, but no
stranger can keep the owner out: `docs/sign-in.md` says what is counted by whom.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from secrets import token_bytes

from gateways import Limit
from models.accounts.passwords import verify_password
from models.accounts.second_factor import matching_step
from models.accounts.staff import Staff
from models.database import transaction
from models.errors import InvalidInput, SecondFactorRequired
from resolvers.accounts.sessions import Tokens, issue_to_staff
from resolvers.accounts.sign_in import origins, second_factors
from resolvers.accounts.sign_in.origins import SignInOrigin
from resolvers.attempts import count, counted, network
from resolvers.context import Context
from resolvers.permissions import for_anyone

A_QUARTER, A_DAY = 900, 86_400
FIRST_DELAY = 30
# Tries on one account from all unknown addresses together before they are slowed down, and to what.
STRANGERS_TRIES, STRANGERS_DELAY = 100, 60
TOO_OFTEN = "Too many failed sign-ins. Try again in {seconds} seconds."

_NOBODYS_SECRET = b32encode(token_bytes(20)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    username: str
    password: str
    second_factor_code: str | None = None
    device_token: str | None = None

    @property
    def subject(self) -> str:
        return subject_of(self.username)


def subject_of(username: str) -> str:
    """What attempts and origins of an account are kept by.

    Names are told apart by case: whoever has `Admin` must not be taken for `admin`.
    """
    return f"staff:{username[:64]}"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`device_token` is for the client to keep and to show at its next sign-in."""

    tokens: Tokens
    staff: Staff
    device_token: str


@for_anyone
async def sign_in(ctx: Context, given: Credentials) -> SignedIn:
    """Begin a session.

    Raises: InvalidInput without saying which of name and password is wrong, SecondFactorRequired once both
    are right, RateLimited.
    """
    origin = await origins.origin_of(ctx, given.subject, given.device_token)
    staff = await Staff.filter(username=given.username, active=True).first()
    limits = await _count(ctx, given, origin, staff)
    async with counted(ctx, limits):
        is_right = await verify_password(given.password, staff.password_hash if staff else None)
        if not is_right or staff is None:
            raise InvalidInput("Username or password is wrong.", path=("password",))
        signed_in = await _enter(ctx, staff, given, origin)
    await ctx.gateways.rate_limits.forget(limits[:1])
    return signed_in


async def _count(
    ctx: Context, given: Credentials, origin: SignInOrigin, staff: Staff | None
) -> list[Limit]:
    """Count the attempt and return what it counted in. Raises: RateLimited.

    A right code of the second factor spares a stranger what all strangers share. Codes that are shown for
    this are counted before anything looks at them.
    """
    limits = limits_of(ctx, given, origin)
    own, strangers = limits[:2], limits[2:]
    if not strangers or not given.second_factor_code:
        await count(ctx, limits, TOO_OFTEN)
        return limits
    whose = f"{given.subject} {network(ctx)}"
    shown = Limit("code of a stranger", whose, 10, A_DAY, delay=FIRST_DELAY, longest=3600)
    await count(ctx, [*own, shown], TOO_OFTEN)
    if _has_code(ctx, staff, given):
        return [*own, shown]
    await count(ctx, strangers, TOO_OFTEN)
    return [*own, shown, *strangers]


def limits_of(ctx: Context, given: Credentials, origin: SignInOrigin) -> list[Limit]:
    """What an attempt counts in: this account from this device or address, the address, all strangers."""
    settings = ctx.settings
    own = Limit(
        "sign-in",
        f"{given.subject} {origin.key}",
        settings.sign_in_tries,
        A_DAY,
        delay=FIRST_DELAY,
        longest=A_QUARTER,
    )
    if origin.device_is_known:
        return [own]
    address = Limit(
        "sign-in by address",
        network(ctx),
        settings.sign_in_tries_per_address,
        A_QUARTER,
        delay=FIRST_DELAY,
        longest=A_QUARTER,
    )
    if origin.address_is_known:
        return [own, address]
    strangers = Limit(
        "sign-in by strangers",
        given.subject,
        STRANGERS_TRIES,
        A_DAY,
        delay=1,
        longest=STRANGERS_DELAY,
    )
    return [own, address, strangers]


def _has_code(ctx: Context, staff: Staff | None, given: Credentials) -> bool:
    """Whether the attempt shows a right code of the second factor, which it does not use up yet.

    It takes as long where there is no account or no second factor, so that nobody learns which there are.
    """
    secret = staff.second_factor_secret if staff and staff.second_factor_at else None
    step = matching_step(secret or _NOBODYS_SECRET, given.second_factor_code or "", ctx.now())
    return secret is not None and step is not None


async def _enter(ctx: Context, staff: Staff, given: Credentials, origin: SignInOrigin) -> SignedIn:
    if staff.second_factor_at is None:
        return await transaction(_begin, ctx, staff, given, origin)
    if not given.second_factor_code:
        raise SecondFactorRequired(
            "Send a code of your second factor, too.", path=("secondFactorCode",)
        )
    async with second_factors.guess(ctx, staff.id):
        return await transaction(_begin, ctx, staff, given, origin)


async def _begin(ctx: Context, staff: Staff, given: Credentials, origin: SignInOrigin) -> SignedIn:
    if staff.second_factor_at is not None and not await second_factors.use_code(
        ctx, staff, given.second_factor_code or ""
    ):
        raise InvalidInput("This code is wrong or was used before.", path=("secondFactorCode",))
    tokens = await issue_to_staff(ctx, staff)
    device_token = await origins.remember(ctx, given.subject, given.device_token, origin)
    return SignedIn(tokens, staff, device_token)
