"""Six digits by text message: sent so often and no oftener, good for minutes, once, after few tries."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from gateways import CodeMessage
from models.accounts.sessions import OneTimeCode
from models.database import execute, fetch, for_update, marks, transaction
from models.encryption import ring
from models.errors import Expired, InvalidInput, LimitExceeded
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.validation import phone_of


@for_anyone
async def request(ctx: Context, phone: str) -> datetime:
    """Send a code; answers when another may be asked for.

    Raises: InvalidInput, LimitExceeded when asked too often.
    """
    written, phone = phone.strip(), phone_of(phone, "phone")
    await _limit(ctx, phone)
    code = f"{secrets.randbelow(1_000_000):06d}"
    await transaction(_keep, ctx, phone, code)
    await ctx.gateways.sms.send_code(
        CodeMessage(phone=phone, written=written, code=code, sent_at=ctx.now())
    )
    return ctx.now() + timedelta(seconds=ctx.settings.otp_resend_seconds)


async def verify(ctx: Context, phone: str, code: str) -> str:
    """Use up the newest code sent to `phone`; answers the phone in E.164.

    Each wrong try is counted, in a transaction of its own so that a refusal cannot undo it.

    Raises: InvalidInput for a wrong code, Expired when there is none to use (any more).
    """
    phone = phone_of(phone, "phone")
    outcome = await transaction(_try, ctx, phone, code)
    if outcome == "wrong":
        raise InvalidInput("This code is wrong.", path=("code",))
    if outcome == "none":
        raise Expired("This code is no longer good. Ask for a new one.", path=("code",))
    return phone


async def _limit(ctx: Context, phone: str) -> None:
    limits, settings = ctx.gateways.rate_limits, ctx.settings
    address = ctx.remote_address
    whose = ring().first.index("limit of codes", phone)  # Redis keeps the names of limits
    allowed = (
        await limits.hit("otp", address, settings.otp_per_address_per_hour, 3600)
        and await limits.hit("otp again", whose, 1, settings.otp_resend_seconds)
        and await limits.hit("otp a day", whose, settings.otp_per_phone_per_day, 86_400)
    )
    if not allowed:
        raise LimitExceeded("Too many codes were asked for. Try again later.", path=("phone",))


async def _keep(ctx: Context, phone: str, code: str) -> None:
    expires_at = ctx.now() + timedelta(minutes=ctx.settings.otp_minutes)
    indexes = _indexes(phone)
    await OneTimeCode.filter(phone__in=indexes, used_at=None).update(used_at=ctx.now())
    await OneTimeCode.create(
        phone=indexes[0], code_hash=_hash(ctx, phone, code), expires_at=expires_at
    )


async def _try(ctx: Context, phone: str, code: str) -> str:
    indexes = _indexes(phone)
    rows = await fetch(
        f"SELECT id FROM one_time_code WHERE phone IN ({marks(indexes)}) AND used_at IS NULL"
        " AND tries_left > 0 AND expires_at > ? ORDER BY id DESC LIMIT 1" + for_update(),
        *indexes,
        ctx.now(),
    )
    if not rows:
        return "none"
    kept = await OneTimeCode.get(id=rows[0]["id"])
    if not hmac.compare_digest(kept.code_hash, _hash(ctx, phone, code)):
        await execute("UPDATE one_time_code SET tries_left = tries_left - 1 WHERE id = ?", kept.id)
        return "wrong"
    await OneTimeCode.filter(id=kept.id).update(used_at=ctx.now())
    return "right"


def _indexes(phone: str) -> list[str]:
    """What a phone's codes are kept by, the one for new codes first: its blind index by each key."""
    return list(ring().indexes("one_time_code.phone", phone).values())


def _hash(ctx: Context, phone: str, code: str) -> str:
    key = ctx.settings.secret_key.encode()
    return hmac.new(key, f"otp:{phone}:{code}".encode(), sha256).hexdigest()
