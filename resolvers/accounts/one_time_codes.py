"""Six digits by text message: good for minutes, once, after few tries.

A stranger who asks for codes to somebody's phone neither uses up its owner's codes nor makes those on their
way void: all codes of a phone that have not run out are good at once, requests are counted by where they
come from, and past a threshold strangers have to solve a challenge. `docs/sign-in.md` has the numbers.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateways import CodeMessage, GatewayError, Limit, OfferedChallenge
from models.accounts.sessions import OneTimeCode
from models.database import execute, fetch, for_update, marks, transaction
from models.encryption import ring
from models.error_text import message_of
from models.errors import (
    ChallengeRequired,
    Expired,
    GatewayUnavailable,
    InvalidInput,
    LimitExceeded,
)
from resolvers.accounts import origins
from resolvers.accounts.origins import SignInOrigin
from resolvers.attempts import attempt, network
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone
from resolvers.validation import phone_of

AN_HOUR, A_DAY = 3600, 86_400
# Wrong tries of a phone's code: from one device or address, from one address, from all strangers.
TRIES, TRIES_BY_ADDRESS, TRIES_BY_STRANGERS = 5, 100, 50
# Wrong tries that one code stands: where processes share no counters, this holds for all of them.
TRIES_OF_A_CODE = 20
TOO_OFTEN = "Too many codes were asked for. Try again in {seconds} seconds."
WRONG_TOO_OFTEN = "Too many wrong codes. Try again in {seconds} seconds."
log = structlog.get_logger(__name__)


@for_anyone
async def request(
    ctx: Context, phone: str, challenge_token: str | None = None, device_token: str | None = None
) -> datetime:
    """Send a code. Return when another may be asked for: the same for every phone, known or not.

    Raises: InvalidInput, LimitExceeded when asked too often, ChallengeRequired, GatewayUnavailable.
    """
    written, phone = phone.strip(), phone_of(phone, "phone")
    origin = await origins.origin_of(ctx, _subject(phone), device_token)
    is_trusted = origin.is_known or await _is_solved(ctx, challenge_token)
    limits = _request_limits(ctx, phone, origin)
    if seconds := await ctx.gateways.rate_limits.take(limits):
        raise LimitExceeded(TOO_OFTEN, path=("phone",), seconds=seconds)
    if not is_trusted and (seconds := await _beyond_threshold(ctx, phone)):
        await ctx.gateways.rate_limits.give_back(limits)
        if ctx.gateways.challenges is None:
            raise LimitExceeded(TOO_OFTEN, path=("phone",), seconds=seconds)
        raise ChallengeRequired("Solve the challenge first.", path=("challengeToken",))
    spacing = _spacing_of_phone(ctx, phone)
    seconds = await ctx.gateways.rate_limits.take([spacing])
    if seconds and await _live(ctx, phone):
        # Somebody else has had a code sent there just now. It is as good, and one message is enough.
        return ctx.now() + timedelta(seconds=seconds)
    try:
        await _send(ctx, phone, written)
    except GatewayError as error:
        await ctx.gateways.rate_limits.give_back([*limits, spacing])
        log.error("a text message was not sent", error=message_of(error))
        raise GatewayUnavailable(
            "Text messages cannot be sent at present.", path=("phone",)
        ) from error
    return ctx.now() + timedelta(seconds=ctx.settings.otp_resend_seconds)


@for_anyone
async def offer_challenge(ctx: Context) -> OfferedChallenge | None:
    """A challenge for who was told that one is required; None where there is no provider."""
    challenges = ctx.gateways.challenges
    return await challenges.offer(ctx.now()) if challenges else None


async def verify(ctx: Context, phone: str, code: str, device_token: str | None = None) -> str:
    """Use up the codes sent to `phone` by one of them. Return the phone in E.164.

    Each wrong try is counted, in a transaction of its own so that a refusal cannot undo it.

    Raises: InvalidInput for a wrong code, Expired when there is none to use (any more), RateLimited.
    """
    phone = phone_of(phone, "phone")
    origin = await origins.origin_of(ctx, _subject(phone), device_token)
    limits = _try_limits(ctx, phone, origin)
    async with attempt(ctx, limits, WRONG_TOO_OFTEN):
        outcome = await transaction(_try, ctx, phone, code, origin)
        if outcome == "wrong":
            raise InvalidInput("This code is wrong.", path=("code",))
        if outcome == "none":
            raise Expired("This code is no longer good. Ask for a new one.", path=("code",))
    # Whoever has signed in may ask for the next code at once.
    spacing = [_spacing_of_origin(ctx, phone, origin), _spacing_of_phone(ctx, phone)]
    await ctx.gateways.rate_limits.forget([limits[0], *spacing])
    return phone


async def remember(ctx: Context, verified_phone: str, device_token: str | None) -> str:
    """Note where the phone's owner signs in from, in that transaction. Return the device's token."""
    subject = _subject(verified_phone)
    origin = await origins.origin_of(ctx, subject, device_token)
    return await origins.remember(ctx, subject, device_token, origin)


async def _is_solved(ctx: Context, challenge_token: str | None) -> bool:
    challenges = ctx.gateways.challenges
    if not challenge_token or challenges is None:
        return False
    return await challenges.verify(challenge_token, ctx.remote_address, ctx.now())


def _spacing_of_origin(ctx: Context, phone: str, origin: SignInOrigin) -> Limit:
    return Limit("code", f"{_whose(phone)} {origin.key}", 1, ctx.settings.otp_resend_seconds)


def _spacing_of_phone(ctx: Context, phone: str) -> Limit:
    return Limit("code to phone", _whose(phone), 1, ctx.settings.otp_resend_seconds)


def _request_limits(ctx: Context, phone: str, origin: SignInOrigin) -> list[Limit]:
    """What a request counts in whoever makes it."""
    settings, whom = ctx.settings, f"{_whose(phone)} {origin.key}"
    a_day = settings.otp_per_phone_per_day
    limits = [
        _spacing_of_origin(ctx, phone, origin),
        Limit("code a day", whom, a_day, A_DAY),
        Limit("code by address", network(ctx), settings.otp_per_address_per_hour, AN_HOUR),
    ]
    if ctx.actor.kind is ActorKind.GUEST:
        limits.append(Limit("code by guest", ctx.actor.key, 2 * a_day, A_DAY))
    if not origin.is_known:
        limits.append(Limit("code to phone a day", _whose(phone), 5 * a_day, A_DAY))
    return limits


async def _beyond_threshold(ctx: Context, phone: str) -> int:
    """Count a request of a stranger. Return 0, or the seconds to wait without solving a challenge."""
    threshold = ctx.settings.otp_challenge_after
    if ctx.gateways.challenges is None:
        a_day = 3 * ctx.settings.otp_per_phone_per_day
        return await ctx.gateways.rate_limits.take(
            [Limit("code by strangers", _whose(phone), a_day, A_DAY)]
        )
    return await ctx.gateways.rate_limits.take(
        [
            Limit("code by strangers", _whose(phone), threshold, A_DAY),
            Limit("code by strangers at address", network(ctx), 20 * threshold, AN_HOUR),
        ]
    )


def _try_limits(ctx: Context, phone: str, origin: SignInOrigin) -> list[Limit]:
    limits = [
        Limit("code try", f"{_whose(phone)} {origin.key}", TRIES, A_DAY, delay=60, longest=AN_HOUR),
        Limit("code try by address", network(ctx), TRIES_BY_ADDRESS, AN_HOUR),
    ]
    if not origin.is_known:
        limits.append(Limit("code try by strangers", _whose(phone), TRIES_BY_STRANGERS, A_DAY))
    return limits


async def _send(ctx: Context, phone: str, written: str) -> None:
    code = f"{secrets.randbelow(1_000_000):06d}"
    await transaction(keep, ctx, phone, code, timedelta(minutes=ctx.settings.otp_minutes))
    await ctx.gateways.sms.send_code(
        CodeMessage(phone=phone, written=written, code=code, sent_at=ctx.now())
    )


async def keep(ctx: Context, phone: str, code: str, lifetime: timedelta) -> None:
    """Let a code sign in a phone (E.164), once."""
    await OneTimeCode.create(
        phone=_indexes(phone)[0],
        code_hash=ctx.settings.keys.digest(_hashed_text(phone, code)),
        expires_at=ctx.now() + lifetime,
        tries_left=TRIES_OF_A_CODE,
    )


async def _try(ctx: Context, phone: str, code: str, origin: SignInOrigin) -> str:
    rows = await _live(ctx, phone, for_update())
    if not rows:
        return "none"
    ids = [row["id"] for row in rows]
    hashes = ctx.settings.keys.digests(_hashed_text(phone, code))
    if any(hmac.compare_digest(row["code_hash"], each) for row in rows for each in hashes):
        await OneTimeCode.filter(id__in=ids).update(used_at=ctx.now())
        return "right"
    if not origin.is_known:
        await execute(
            f"UPDATE one_time_code SET tries_left = tries_left - 1 WHERE id IN ({marks(ids)})", *ids
        )
    return "wrong"


async def _live(ctx: Context, phone: str, lock: str = "") -> list[dict[str, Any]]:
    """The codes of a phone that are still good."""
    indexes = _indexes(phone)
    return await fetch(
        f"SELECT id, code_hash FROM one_time_code WHERE phone IN ({marks(indexes)})"
        f" AND used_at IS NULL AND tries_left > 0 AND expires_at > ? ORDER BY id{lock}",
        *indexes,
        ctx.now(),
    )


def _hashed_text(phone: str, code: str) -> str:
    return f"otp:{phone}:{code}"


def _subject(phone: str) -> str:
    return f"phone:{phone}"


def _indexes(phone: str) -> list[str]:
    """What a phone's codes are kept by, the one for new codes first: its blind index by each key."""
    return list(ring().indexes("one_time_code.phone", phone).values())


def _whose(phone: str) -> str:
    """What a phone is called in the names of limits, which Redis keeps."""
    return ring().first.index("limit of codes", phone)
