"""The second factor of staff: an authenticator's codes and ten recovery codes, each good once."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateways import Limit
from models.accounts.roles import Permission
from models.accounts.second_factor import (
    RECOVERY_BYTES,
    is_recovery_code,
    matching_step,
    provisioning_uri,
    recovery_code,
    recovery_hash,
)
from models.accounts.sessions import SubjectKind
from models.accounts.staff import RecoveryCode, Staff
from models.bounds import RECOVERY_CODES
from models.database import execute, transaction
from models.errors import InvalidInput, NotFound, StateConflict
from models.qr import qr_svg
from resolvers.accounts import sessions
from resolvers.accounts.staff.rank import manages, outranks
from resolvers.attempts import attempt
from resolvers.context import Context
from resolvers.permissions import confirmed, for_anyone, for_staff, refuse_without

A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """`secret` and its QR code on offer, or switched on with recovery codes; each is shown this once."""

    enabled: bool
    secret: str | None = None
    qr_svg: str | None = None
    recovery_codes: Sequence[str] = ()


@for_staff
@confirmed
async def set_up(ctx: Context, code: str | None) -> SecondFactor:
    """Offer a secret; with a code of the one offered last, switch it on and end the other sessions.

    Raises: StateConflict when it is on already or nothing was offered, InvalidInput for a wrong code,
    ConfirmationRequired, RateLimited.
    """
    if code is None:
        return await transaction(_offer, ctx)
    async with guess(ctx, ctx.staff_id or 0):
        return await transaction(_switch_on, ctx, code)


@for_staff
@confirmed
async def reset(ctx: Context, staff_id: int, code: str | None) -> Staff:
    """Switch it off: one's own with a code, somebody else's as who manages them. Their sessions end.

    Raises: PermissionDenied for those who manage no staff, NotFound for staff whom the caller does not manage
    or who may do more than the caller, InvalidInput for a wrong code, StateConflict when it is off,
    ConfirmationRequired, RateLimited.
    """
    if staff_id != ctx.staff_id:
        refuse_without(ctx, Permission.STAFF_WRITE)
        return await transaction(_switch_off, ctx, staff_id)
    async with guess(ctx, staff_id):
        return await transaction(_switch_off, ctx, staff_id, code or "")


@for_anyone
async def seen_of(ctx: Context, rows: Sequence[Staff]) -> list[bool | None]:
    """Whether each has a second factor; None for those of whom the caller may not know."""
    managed = await manages(ctx, [row.id for row in rows])
    return [
        row.second_factor_at is not None if row.id in managed or row.id == ctx.staff_id else None
        for row in rows
    ]


@asynccontextmanager
async def guess(ctx: Context, staff_id: int) -> AsyncIterator[None]:
    """One try of a code of this account, wherever it is shown, by whoever has just shown its password.

    Raises: RateLimited before the block is entered.
    """
    limit = Limit("second factor", str(staff_id), 10, A_DAY, delay=30, longest=3600)
    async with attempt(ctx, [limit]):
        yield
    await ctx.gateways.rate_limits.forget([limit])


async def use_code(ctx: Context, staff: Staff, code: str) -> bool:
    """Use up a code inside the caller's transaction; false when it is wrong or was used, or a later one was.

    Of parallel uses of one code, one succeeds.
    """
    if is_recovery_code(code):
        return bool(
            await execute(
                "UPDATE recovery_code SET used_at = ?"
                " WHERE staff_id = ? AND code_hash = ? AND used_at IS NULL",
                ctx.now(),
                staff.id,
                recovery_hash(code),
            )
        )
    secret = staff.second_factor_secret
    step = matching_step(secret, code, ctx.now()) if secret else None
    if step is None:
        return False
    return bool(
        await execute(
            "UPDATE staff SET second_factor_step = ? WHERE id = ?"
            " AND (second_factor_step IS NULL OR second_factor_step < ?)",
            step,
            staff.id,
            step,
        )
    )


async def _offer(ctx: Context) -> SecondFactor:
    import pyotp  # takes long to load

    staff = await _locked(ctx, ctx.staff_id or 0)
    if staff.second_factor_at is not None:
        raise StateConflict("The second factor is on.", state="ON", allowed=["secondFactorReset"])
    secret = pyotp.random_base32()
    staff.second_factor_secret = secret
    staff.second_factor_step = None
    await staff.save(update_fields=["encrypted_second_factor_secret", "second_factor_step"])
    picture = qr_svg(provisioning_uri(secret, staff.username))
    return SecondFactor(enabled=False, secret=secret, qr_svg=picture)


async def _switch_on(ctx: Context, code: str) -> SecondFactor:
    staff = await _locked(ctx, ctx.staff_id or 0)
    if staff.second_factor_at is not None:
        raise StateConflict("The second factor is on.", state="ON", allowed=["secondFactorReset"])
    if staff.second_factor_secret is None:
        raise StateConflict("Ask for a secret first.", state="OFF", allowed=["secondFactorSet"])
    if is_recovery_code(code) or not await use_code(ctx, staff, code):
        raise InvalidInput("This code is wrong or was used before.", path=("code",))
    codes = [recovery_code(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    await RecoveryCode.filter(staff_id=staff.id).delete()
    await RecoveryCode.bulk_create(
        [RecoveryCode(staff_id=staff.id, code_hash=recovery_hash(each)) for each in codes]
    )
    await Staff.filter(id=staff.id).update(second_factor_at=ctx.now())
    await sessions.end_all(ctx, SubjectKind.STAFF, staff.id, keep=ctx.actor.session_id)
    return SecondFactor(enabled=True, recovery_codes=codes)


async def _switch_off(ctx: Context, staff_id: int, code: str | None = None) -> Staff:
    """`code` is None when somebody else does it. Their roles are looked at while nobody can change them."""
    staff = await _locked(ctx, staff_id)
    if code is None and not await outranks(ctx, staff_id):
        raise NotFound("There is no such member of staff.", path=("staffId",))
    if staff.second_factor_at is None:
        raise StateConflict("The second factor is off.", state="OFF", allowed=["secondFactorSet"])
    if code is not None and not await use_code(ctx, staff, code):
        raise InvalidInput("This code is wrong or was used before.", path=("code",))
    staff.second_factor_secret = None
    staff.second_factor_at = staff.second_factor_step = None
    await staff.save(
        update_fields=["encrypted_second_factor_secret", "second_factor_at", "second_factor_step"]
    )
    await RecoveryCode.filter(staff_id=staff.id).delete()
    await sessions.end_all(ctx, SubjectKind.STAFF, staff.id, keep=ctx.actor.session_id)
    return staff


async def _locked(ctx: Context, staff_id: int) -> Staff:
    """Raises: NotFound, Expired where the caller's session was ended before the row was held."""
    staff = await Staff.filter(id=staff_id).select_for_update().first()
    if staff is None:
        raise NotFound("There is no such member of staff.", path=("staffId",))
    await sessions.still_signed_in(ctx)
    return staff
