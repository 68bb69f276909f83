"""Trying a code that was sent to a phone: apart for who asked for it, and for strangers.

A code is bound to whoever had it sent: a guest's session, a known device, else an address. What others try
takes none of their tries away. All others together have a fixed number of tries of it, however many they
are. `docs/sign-in.md` calculates what guessing comes to.

A row of `one_time_code` lets somebody try the code of its hash: by the blind index of

    the phone                     all but who had it sent, together: this row is the code
    the phone and an asker        who had it sent
    the phone and a sharer        who was told that it is on its way: takes a try from the common ones, too
    the phone and `shared`        all sharers together, of a code that nobody else may try
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from gateways import Limit
from models.accounts.sessions import OneTimeCode
from models.database import execute, fetch, for_update, marks
from models.errors import ChallengeRequired
from models.keys.encryption import ring
from models.keys.signing_keys import KeyRing
from models.tables.columns import moment
from resolvers.accounts.sign_in.origins import SignInOrigin
from resolvers.attempts import count, network
from resolvers.context import Context

AN_HOUR, A_DAY = 3600, 86_400
# Wrong tries of a phone's code from one device or address, and of all phones' from one address.
TRIES, TRIES_BY_ADDRESS = 5, 30
# Wrong tries a day of a phone's code by all but known devices, after which the phone is guarded.
TRIES_UNGUARDED = 5
# Of a code: by strangers (one of them once the phone is guarded), and by who asked for it.
TRIES_OF_A_CODE = 5
TRIES_OF_ASKER, TRIES_OF_LATER_ASKER, GENEROUS_ASKS = 5, 1, 3
# Of a code that somebody else had sent: by one of those who were told so, and, once strangers have used up
# the day's codes, by all of them together.
TRIES_OF_SHARER, TRIES_OF_SHARERS = 1, 3
# Only so many codes are compared with what somebody types: the latest.
NEWEST = 2
WRONG_TOO_OFTEN = "Too many wrong codes. Try again in {seconds} seconds."


def limits_on(ctx: Context, phone: str, origin: SignInOrigin) -> list[Limit]:
    """What a wrong try counts in wherever it comes from; the first is forgotten by a right one."""
    whom = f"{whose(phone)} {origin.key}"
    limits = [Limit("code try", whom, TRIES, A_DAY, delay=60, longest=AN_HOUR)]
    if not origin.device_is_known:
        limits.append(
            Limit("code try by address", network(ctx), TRIES_BY_ADDRESS, 900, delay=30, longest=900)
        )
    return limits


def unguarded(phone: str, origin: SignInOrigin) -> list[Limit]:
    """Where a wrong try counts that is not made on a device of the phone's owner."""
    if origin.device_is_known:
        return []
    return [Limit("code try by strangers", whose(phone), TRIES_UNGUARDED, A_DAY)]


async def admit(
    ctx: Context, phone: str, origin: SignInOrigin, challenge_token: str | None
) -> None:
    """Let somebody try a code of a guarded phone: who asked for one at once, strangers not so easily.

    Raises: ChallengeRequired, or RateLimited for some minutes where there is no provider of challenges.
    """
    if await _rows(ctx, _asked_by(ctx, phone, origin) + _shared_by(ctx, phone, origin)):
        return
    if ctx.gateways.challenges is None:
        turns = Limit("code try of guarded phone", whose(phone), 1, AN_HOUR, delay=15, longest=300)
        await count(ctx, [turns], WRONG_TOO_OFTEN)
    elif not await is_solved(ctx, challenge_token):
        raise ChallengeRequired("Solve the challenge first.", path=("challengeToken",))


async def is_solved(ctx: Context, challenge_token: str | None) -> bool:
    challenges = ctx.gateways.challenges
    if not challenge_token or challenges is None:
        return False
    return await challenges.verify(challenge_token, ctx.remote_address, ctx.now())


async def tries_of_asker(ctx: Context, phone: str) -> int:
    """How often who asks for a code may try it: less often, the more are asked for."""
    generous = Limit("code with more tries", whose(phone), GENEROUS_ASKS, A_DAY)
    is_later = await ctx.gateways.rate_limits.take([generous])
    return TRIES_OF_LATER_ASKER if is_later else TRIES_OF_ASKER


async def bind(ctx: Context, phone: str, origin: SignInOrigin, tries: int) -> None:
    """Let who had it sent try the latest code of the phone."""
    await _let_try(ctx, phone, _asker_of(phone, _asker(ctx, origin)), tries)


async def share(ctx: Context, phone: str, origin: SignInOrigin) -> None:
    """Let somebody else try it, out of the tries that all such have together."""
    await _let_try(ctx, phone, _sharer_of(phone, _asker(ctx, origin)), TRIES_OF_SHARER)


async def reserve(ctx: Context, phone: str) -> None:
    """Let nobody but asker and sharers try the latest code of the phone."""
    await _let_try(ctx, phone, _sharers_of(phone), TRIES_OF_SHARERS)


async def _let_try(ctx: Context, phone: str, whom: str, tries: int) -> None:
    for latest in (await live(ctx, phone))[-1:]:
        await OneTimeCode.create(
            phone=_indexes(whom)[0],
            code_hash=latest["code_hash"],
            expires_at=moment(latest["expires_at"]),
            tries_left=tries,
        )


async def keep(
    ctx: Context, phone: str, code: str, expires_at: datetime, tries: int = TRIES_OF_A_CODE
) -> None:
    """Let a code sign in a phone (E.164), once."""
    await OneTimeCode.create(
        phone=_indexes(phone)[0],
        code_hash=ctx.settings.keys.digest(_hashed_text(phone, code)),
        expires_at=expires_at,
        tries_left=tries,
    )


async def attempted(
    ctx: Context, phone: str, code: str, origin: SignInOrigin, guarded: bool
) -> str:
    """`right`, which uses up all codes of the phone; `wrong`; `none` where there is none to try."""
    codes = await live(ctx, phone, for_update())
    compared, counted = await _open_to(ctx, phone, origin, codes, guarded)
    if not compared:
        return "none"
    if counted:
        await execute(
            f"UPDATE one_time_code SET tries_left = tries_left - 1 WHERE id IN ({marks(counted)})",
            *counted,
        )
    hashes = ctx.settings.keys.digests(_hashed_text(phone, code))
    if any(hmac.compare_digest(kept, each) for kept in compared for each in hashes):
        await OneTimeCode.filter(id__in=[row["id"] for row in codes]).update(used_at=ctx.now())
        return "right"
    return "wrong"


async def is_good(keys: KeyRing, phone: str, code: str, now: datetime) -> bool:
    """Whether this code of a phone (E.164) signs somebody in at `now`, if they may still try it."""
    kept = OneTimeCode.filter(phone__in=_indexes(phone), used_at=None, expires_at__gt=now)
    return await kept.filter(code_hash__in=keys.digests(_hashed_text(phone, code))).exists()


async def live(ctx: Context, phone: str, lock: str = "") -> list[dict[str, Any]]:
    """The codes of a phone that are still good for somebody, the latest last."""
    return await _rows(ctx, _indexes(phone), lock)


async def _open_to(
    ctx: Context,
    phone: str,
    origin: SignInOrigin,
    codes: list[dict[str, Any]],
    guarded: bool,
) -> tuple[list[str], list[int]]:
    """The hashes that the caller may try, and the rows in which this counts."""
    if origin.device_is_known:
        return [row["code_hash"] for row in codes[-NEWEST:]], []
    good = {row["code_hash"] for row in codes}
    asked = await _rows(ctx, _asked_by(ctx, phone, origin), for_update())
    shared = await _rows(ctx, _shared_by(ctx, phone, origin), for_update())
    own = [row for row in asked if row["code_hash"] in good][-NEWEST:]
    sharing = [row for row in shared if row["code_hash"] in good][-NEWEST:]
    least = TRIES_OF_A_CODE - 1 if guarded else 0
    common = [row for row in codes if row["tries_left"] > least]
    if not own and not sharing:
        return _counted_in([row for row in codes[-NEWEST:] if row in common])
    # A code with more tries than one that is sent, such as the demo's, is open to everybody.
    open_to_all = [row for row in codes if row["tries_left"] > TRIES_OF_A_CODE]
    together = await _rows(ctx, _indexes(_sharers_of(phone)), for_update()) if sharing else []
    pools = {row["code_hash"]: row for row in [*common, *together] if row["tries_left"] > 0}
    good_shares = [row for row in sharing if row["tries_left"] > 0 and row["code_hash"] in pools]
    return _counted_in(
        [
            *(row for row in own if row["tries_left"] > 0),
            *good_shares,
            *(pools[row["code_hash"]] for row in good_shares),
            *open_to_all,
        ]
    )


def _counted_in(rows: list[dict[str, Any]]) -> tuple[list[str], list[int]]:
    return list({row["code_hash"] for row in rows}), list({row["id"] for row in rows})


async def _rows(ctx: Context, indexes: list[str], lock: str = "") -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, code_hash, expires_at, tries_left FROM one_time_code"
        f" WHERE phone IN ({marks(indexes)}) AND used_at IS NULL AND expires_at > ? ORDER BY id{lock}",
        *indexes,
        ctx.now(),
    )


def whose(phone: str) -> str:
    """What a phone is called in the names of limits, which Redis keeps."""
    return ring().first.index("limit of codes", phone)


def _asker(ctx: Context, origin: SignInOrigin) -> str:
    return origin.key if ctx.guest_id is None else ctx.actor.key


def _asker_of(phone: str, asker: str) -> str:
    return f"{phone} {asker}"


def _sharer_of(phone: str, asker: str) -> str:
    return f"{phone} shared by {asker}"


def _sharers_of(phone: str) -> str:
    return f"{phone} shared"


def _asked_by(ctx: Context, phone: str, origin: SignInOrigin) -> list[str]:
    """By what is kept what the caller asked for, as a guest or before they were one."""
    return _indexes(*(_asker_of(phone, each) for each in _askers(ctx, origin)))


def _shared_by(ctx: Context, phone: str, origin: SignInOrigin) -> list[str]:
    return _indexes(*(_sharer_of(phone, each) for each in _askers(ctx, origin)))


def _askers(ctx: Context, origin: SignInOrigin) -> list[str]:
    return sorted({_asker(ctx, origin), origin.key})


def _indexes(*whom: str) -> list[str]:
    """What a row is kept by, the one for new rows first: a blind index by each key."""
    return [each for one in whom for each in ring().indexes("one_time_code.phone", one).values()]


def _hashed_text(phone: str, code: str) -> str:
    return f"otp:{phone}:{code}"
