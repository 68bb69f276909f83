"""Six digits by text message: good for minutes, once, after few tries.

A stranger who asks for codes to somebody's phone neither uses up its owner's codes nor makes those on their
way void: all codes of a phone that have not run out are good at once, requests are counted by where they
come from, and past a threshold strangers have to solve a challenge. `docs/sign-in.md` has the numbers;
`code_tries` is about trying them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from gateways import CodeMessage, GatewayError, Limit, OfferedChallenge
from models.database import transaction
from models.error_text import message_of
from models.errors import (
    ChallengeRequired,
    Expired,
    GatewayUnavailable,
    InvalidInput,
    LimitExceeded,
    RateLimited,
)
from resolvers.accounts.sign_in import code_tries, origins
from resolvers.accounts.sign_in.code_tries import A_DAY, AN_HOUR, whose
from resolvers.accounts.sign_in.origins import SignInOrigin
from resolvers.attempts import attempt, network
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone
from resolvers.validation import phone_of

TOO_OFTEN = "Too many codes were asked for. Try again in {seconds} seconds."
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
    is_trusted = origin.is_known or await code_tries.is_solved(ctx, challenge_token)
    limits = _request_limits(ctx, phone, origin)
    if seconds := await ctx.gateways.rate_limits.take(limits):
        raise LimitExceeded(TOO_OFTEN, path=("phone",), seconds=seconds)
    if not is_trusted and await _beyond_threshold(ctx, phone):
        await ctx.gateways.rate_limits.give_back(limits)
        raise ChallengeRequired("Solve the challenge first.", path=("challengeToken",))
    spacing = _spacing_of_phone(ctx, phone)
    seconds = await ctx.gateways.rate_limits.take([spacing])
    if seconds and await code_tries.live(ctx, phone):
        return await _share(ctx, phone, origin, seconds)
    limits += [] if seconds else [spacing]
    is_spent, seconds = await _spend(ctx, phone, origin, limits)
    if seconds:
        await ctx.gateways.rate_limits.give_back(limits)
        return await _share(ctx, phone, origin, seconds)
    try:
        await _send(ctx, phone, written, origin, is_spent)
    except GatewayError as error:
        await ctx.gateways.rate_limits.give_back(limits)
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


async def verify(
    ctx: Context,
    phone: str,
    code: str,
    device_token: str | None = None,
    challenge_token: str | None = None,
) -> str:
    """Use up the codes sent to `phone` by one of them. Return the phone in E.164.

    Each wrong try is counted, in a transaction of its own so that a refusal cannot undo it.

    Raises: InvalidInput for a wrong code, Expired when there is none to use (any more), RateLimited,
    ChallengeRequired for a stranger while the phone is guarded.
    """
    phone = phone_of(phone, "phone")
    origin = await origins.origin_of(ctx, _subject(phone), device_token)
    limits, unguarded = (
        code_tries.limits_on(ctx, phone, origin),
        code_tries.unguarded(phone, origin),
    )
    async with attempt(ctx, limits, code_tries.WRONG_TOO_OFTEN):
        guarded = bool(await ctx.gateways.rate_limits.take(unguarded))
        if guarded:
            await _admit(ctx, phone, origin, challenge_token, limits)
        outcome = await transaction(code_tries.attempted, ctx, phone, code, origin, guarded)
        if outcome == "wrong":
            raise InvalidInput("This code is wrong.", path=("code",))
        if outcome == "none":
            raise Expired("This code is no longer good. Ask for a new one.", path=("code",))
    if not guarded:
        await ctx.gateways.rate_limits.give_back(unguarded)
    # Whoever has signed in may ask for the next code at once.
    spacing = [_spacing_of_origin(ctx, phone, origin), _spacing_of_phone(ctx, phone)]
    await ctx.gateways.rate_limits.forget([limits[0], *spacing])
    return phone


async def _admit(
    ctx: Context,
    phone: str,
    origin: SignInOrigin,
    challenge_token: str | None,
    limits: Sequence[Limit],
) -> None:
    """Who is not admitted has not tried anything."""
    try:
        await code_tries.admit(ctx, phone, origin, challenge_token)
    except (ChallengeRequired, RateLimited):
        await ctx.gateways.rate_limits.give_back(limits)
        raise


async def remember(ctx: Context, verified_phone: str, device_token: str | None) -> str:
    """Note where the phone's owner signs in from, in that transaction. Return the device's token."""
    subject = _subject(verified_phone)
    origin = await origins.origin_of(ctx, subject, device_token)
    return await origins.remember(ctx, subject, device_token, origin)


def _spacing_of_origin(ctx: Context, phone: str, origin: SignInOrigin) -> Limit:
    return Limit("code", f"{whose(phone)} {origin.key}", 1, ctx.settings.otp_resend_seconds)


def _spacing_of_phone(ctx: Context, phone: str) -> Limit:
    return Limit("code to phone", whose(phone), 1, ctx.settings.otp_resend_seconds)


def _request_limits(ctx: Context, phone: str, origin: SignInOrigin) -> list[Limit]:
    """What a request counts in whoever makes it."""
    settings, whom = ctx.settings, f"{whose(phone)} {origin.key}"
    a_day = settings.otp_per_phone_per_day
    limits = [
        _spacing_of_origin(ctx, phone, origin),
        Limit("code a day", whom, a_day, A_DAY),
        Limit("code by address", network(ctx), settings.otp_per_address_per_hour, AN_HOUR),
    ]
    if ctx.actor.kind is ActorKind.GUEST:
        limits.append(Limit("code by guest", ctx.actor.key, 2 * a_day, A_DAY))
    return limits


async def _spend(
    ctx: Context, phone: str, origin: SignInOrigin, limits: list[Limit]
) -> tuple[bool, int]:
    """Count a message in what strangers have of a phone, adding to `limits` what it was counted in.

    Return whether they have spent the day's messages, and then the seconds until the phone gets another.
    """
    if origin.is_known:
        return False, 0
    a_day = Limit(
        "code to phone a day", whose(phone), 2 * ctx.settings.otp_per_phone_per_day, A_DAY
    )
    if not await ctx.gateways.rate_limits.take([a_day]):
        limits.append(a_day)
        return False, 0
    hourly = Limit("code to phone an hour", whose(phone), 1, A_DAY, delay=AN_HOUR, longest=AN_HOUR)
    seconds = await ctx.gateways.rate_limits.take([hourly])
    if not seconds:
        limits.append(hourly)
    return True, seconds


async def _share(ctx: Context, phone: str, origin: SignInOrigin, seconds: int) -> datetime:
    """Let the caller use the code that somebody else has had sent there: one message is enough.

    Whoever has the phone sees it come, so that strangers who use up its messages do not shut its owner out.

    Raises: LimitExceeded where there is none.
    """
    if not await code_tries.live(ctx, phone):
        raise LimitExceeded(TOO_OFTEN, path=("phone",), seconds=seconds)
    await transaction(code_tries.share, ctx, phone, origin)
    return ctx.now() + timedelta(seconds=seconds)


async def _beyond_threshold(ctx: Context, phone: str) -> int:
    """Count a request of a stranger. Return 0 where no challenge is to be solved."""
    threshold = ctx.settings.otp_challenge_after
    if ctx.gateways.challenges is None:
        return 0
    return await ctx.gateways.rate_limits.take(
        [
            Limit("code by strangers", whose(phone), threshold, A_DAY),
            Limit("code by strangers at address", network(ctx), 20 * threshold, AN_HOUR),
        ]
    )


async def _send(
    ctx: Context, phone: str, written: str, origin: SignInOrigin, is_spent: bool
) -> None:
    """`is_spent`: none but who asks may try the code, so that more codes do not make guessing easier."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    tries = await code_tries.tries_of_asker(ctx, phone)
    await transaction(_keep_for, ctx, phone, code, origin, tries, is_spent)
    await ctx.gateways.sms.send_code(
        CodeMessage(phone=phone, written=written, code=code, sent_at=ctx.now())
    )


async def _keep_for(
    ctx: Context, phone: str, code: str, origin: SignInOrigin, tries: int, is_spent: bool
) -> None:
    expires_at = ctx.now() + timedelta(minutes=ctx.settings.otp_minutes)
    strangers = 0 if is_spent else code_tries.TRIES_OF_A_CODE
    await code_tries.keep(ctx, phone, code, expires_at, strangers)
    await code_tries.bind(ctx, phone, origin, tries)
    if is_spent:
        await code_tries.reserve(ctx, phone)


def _subject(phone: str) -> str:
    return f"phone:{phone}"
