"""The rotating code on a member's phone, and the till that scans it (or a card) once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateways import Limit
from models.accounts.roles import Permission
from models.database import execute, transaction
from models.errors import Expired, InvalidInput, NotFound, StateConflict
from models.members.cards import CardStatus, MemberCard, MemberCode
from models.members.members import Member
from models.members.numbers import (
    MEMBER_CODE_RANDOM_BYTES,
    is_member_code,
    is_valid_card_number,
    member_code,
)
from models.text.codes import half_width
from resolvers.attempts import attempt, count, guesses
from resolvers.context import Context
from resolvers.members.visibility import mark_identified
from resolvers.permissions import for_members, requires

GOOD_FOR = timedelta(seconds=60)
# A spent code is remembered for so long to be told from one that never was.
REMEMBERED_FOR = timedelta(days=1)
CODES_PER_MINUTE = 30
FAILURES_PER_MINUTE = 20


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """What the member shows; nothing keeps the code itself."""

    code: str
    refresh_at: datetime


@for_members
async def create(ctx: Context) -> IssuedCode:
    """A new code. One that is on its way to a till stays good for the rest of its minute.

    Raises: RateLimited.
    """
    limit = Limit("member code", ctx.actor.key, CODES_PER_MINUTE, 60)
    await count(ctx, [limit], "Too many codes were asked for. Try again in {seconds} seconds.")
    code = member_code(secrets.token_bytes(MEMBER_CODE_RANDOM_BYTES))
    expires_at = ctx.now() + GOOD_FOR
    await transaction(_keep, ctx, code, expires_at)
    return IssuedCode(code, expires_at)


@requires(Permission.MEMBER_IDENTIFY)
async def identify(ctx: Context, code: str) -> Member:
    """The member whose code or active card was scanned; a code is used up by it.

    Raises: InvalidInput for what is neither, NotFound, Expired for a code that is stale or was used,
    StateConflict for a card that is not active, RateLimited after many failures of this caller.
    """
    limits = guesses(ctx, "member identify", times=FAILURES_PER_MINUTE, seconds=60)
    async with attempt(ctx, limits, "Too many wrong codes. Try again in {seconds} seconds."):
        member = await transaction(_identify, ctx, half_width(code))
    mark_identified(ctx, member)
    return member


async def _keep(ctx: Context, code: str, expires_at: datetime) -> None:
    member_id = ctx.member_id
    code_hash = ctx.settings.keys.digest(_hashed_text(code))
    await MemberCode.filter(member_id=member_id, expires_at__lt=ctx.now() - REMEMBERED_FOR).delete()
    await MemberCode.create(member_id=member_id, code_hash=code_hash, expires_at=expires_at)


async def _identify(ctx: Context, code: str) -> Member:
    if is_member_code(code):
        return await by_code(ctx, code)
    if is_valid_card_number(code):
        return await by_card(ctx, code)
    raise InvalidInput("This is neither a member code nor a card.", path=("code",))


async def by_code(ctx: Context, code: str) -> Member:
    """The member who shows this code, which is used up by it. Raises: NotFound, Expired."""
    hashes = ctx.settings.keys.digests(_hashed_text(code))
    kept = await MemberCode.filter(code_hash__in=hashes).first()
    member = await Member.get(id=kept.member_id) if kept else None
    if kept is None or member is None or member.merchant_id != ctx.merchant_id:
        raise NotFound("This code is not known.", path=("code",))
    taken = await execute(
        "UPDATE member_code SET used_at = ? WHERE id = ? AND used_at IS NULL AND expires_at > ?",
        ctx.now(),
        kept.id,
        ctx.now(),
    )
    if not taken:
        raise Expired("This code is no longer good. Show the next one.", path=("code",))
    return member


async def by_card(ctx: Context, number: str) -> Member:
    """The member whose active card this is. Raises: NotFound, StateConflict."""
    card = await MemberCard.filter(number=number, merchant_id=ctx.merchant_id).first()
    if card is None:
        raise NotFound("There is no such card.", path=("code",))
    if card.status is not CardStatus.ACTIVE or card.member_id is None:
        raise StateConflict("The card is {state}.", path=("code",), state=card.status)
    return await Member.get(id=card.member_id)


def _hashed_text(code: str) -> str:
    return f"member code:{code}"
