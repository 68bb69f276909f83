"""Commissions: fixed at payment, frozen at receipt, released when the after-sale window closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.bounds import COMMISSION_LEVELS
from models.database import execute, fetch, transaction
from models.deferred_writes import insert_later
from models.members.members import Member
from models.referrals.commissions import Commission
from models.referrals.rules import (
    CommissionKind,
    CommissionStatus,
    PayeeKind,
    Share,
    reversal,
    split_commission,
)
from resolvers.context import Context
from resolvers.referrals import plans, trees
from resolvers.referrals.plans import EffectivePlan

BATCH = 500

_FIXED = (
    *("merchant_id", "kind", "status", "level", "payee_key", "member_id", "staff_id", "order_id"),
    *("source_member_id", "base_minor", "rate", "amount_minor", "reversed_minor", "created_at"),
)
_EARNERS = (
    trees.ABOVE.format(roots="?")
    + """
SELECT 'UPLINE' AS kind, above.level, member.id, member.distributor AS earns
FROM above JOIN member ON member.id = above.upline_id
UNION ALL SELECT 'BUYER', 0, id, distributor FROM member WHERE id = ?
UNION ALL SELECT 'GUIDE', 0, id, active FROM staff WHERE id = ?
UNION ALL SELECT 'FIXED', 0, MIN(id), TRUE FROM commission WHERE order_id = ? HAVING COUNT(*) > 0
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOrder:
    """What commissions are worked out from: what each line really paid, without delivery."""

    order_id: int
    merchant_id: int
    member_id: int | None
    guide_id: int | None
    line_bases_minor: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Earners:
    """Those who may earn by an order, None for one who may not; `fixed` when they do already.

    The buyer's uplines stand with the nearest first.
    """

    uplines: Sequence[int | None]
    buyer_id: int | None
    guide_id: int | None
    fixed: bool

    @property
    def any(self) -> bool:
        return any((*self.uplines, self.buyer_id, self.guide_id))


async def earned(ctx: Context, order: PaidOrder) -> list[Share]:
    """What an order brings to whom, as payees and rates are now; nothing more once it has been fixed.

    Only distributors and staff who still work here earn.
    """
    earners = await _earners(ctx, order)
    if earners.fixed or not earners.any:
        return []
    plan = (await plans.effective(order.merchant_id)).plan
    return split_commission(
        order.line_bases_minor,
        plan,
        uplines=earners.uplines[: len(plan.levels)],
        buyer_id=earners.buyer_id,
        guide_id=earners.guide_id,
    )


async def fix(ctx: Context, order: PaidOrder, shares: Sequence[Share]) -> None:
    """Write what an order brings, in the caller's transaction; fixing it again does nothing."""
    rows = [_row(ctx, order, share) for share in shares]
    await insert_later("commission", _FIXED, rows, missing_only=True)


async def receive(ctx: Context, order_id: int) -> None:
    """The order is complete: its commissions freeze until goods can no longer come back.

    Runs inside the caller's transaction; receiving again does nothing.
    """
    pending = Commission.filter(order_id=order_id, status=CommissionStatus.PENDING)
    if (first := await pending.first()) is None:
        return
    plan = await plans.effective(first.merchant_id)
    await pending.update(
        status=_status_after(plan), available_at=ctx.now() + timedelta(days=plan.freeze_days)
    )


async def reverse(ctx: Context, order_id: int, refunded_base_minor: int) -> None:
    """Take back what a refund takes away; `refunded_base_minor` is all that was refunded so far.

    What was withdrawn already stays withdrawn, and its reversal is owed. Runs inside the caller's
    transaction; the same refund again does nothing.

    Raises: ValueError for a negative refund.
    """
    rows = Commission.filter(order_id=order_id).order_by("id").select_for_update()
    for row in await rows:
        back = reversal(
            row.amount_minor,
            row.base_minor,
            min(refunded_base_minor, row.base_minor),
            row.reversed_minor,
        )
        row.reversed_minor += back
        whole = row.reversed_minor == row.amount_minor
        if whole and row.status is not CommissionStatus.WITHDRAWN:
            row.status = CommissionStatus.REVERSED
        if back:
            await row.save(update_fields=["reversed_minor", "status"])


async def release_due(ctx: Context) -> int:
    """Release what has been frozen long enough; answers how many. Any number of processes may run it."""
    return await transaction(
        execute,
        "UPDATE commission SET status = 'AVAILABLE' WHERE status = 'FROZEN' AND id IN ("
        "SELECT id FROM commission WHERE status = 'FROZEN' AND available_at <= ?"
        f" ORDER BY available_at LIMIT {BATCH})",
        ctx.now(),
    )


async def pay_bounty(ctx: Context, plan: EffectivePlan, member: Member, guide_id: int) -> None:
    """Staff pay for a registration that a guide brought about, once a member; apart from any sale."""
    if not plan.bounty_minor:
        return
    await Commission.create(
        merchant_id=member.merchant_id,
        kind=CommissionKind.GUIDE_REGISTRATION,
        status=_status_after(plan),
        payee_key=f"{PayeeKind.STAFF}:{guide_id}",
        staff_id=guide_id,
        source_member_id=member.id,
        base_minor=plan.bounty_minor,
        rate="1",
        amount_minor=plan.bounty_minor,
        available_at=ctx.now() + timedelta(days=plan.freeze_days),
        created_at=ctx.now(),
    )


def _status_after(plan: EffectivePlan) -> CommissionStatus:
    return CommissionStatus.FROZEN if plan.freeze_days else CommissionStatus.AVAILABLE


async def _earners(ctx: Context, order: PaidOrder) -> _Earners:
    now = ctx.now()
    rows = await fetch(
        _EARNERS,
        *(order.member_id, now, COMMISSION_LEVELS, now, order.member_id, order.guide_id),
        order.order_id,
    )
    found = {(row["kind"], row["level"]): row["id"] for row in rows if row["earns"]}
    levels = range(1, 1 + sum(row["kind"] == "UPLINE" for row in rows))
    return _Earners(
        uplines=[found.get(("UPLINE", level)) for level in levels],
        buyer_id=found.get(("BUYER", 0)),
        guide_id=found.get(("GUIDE", 0)),
        fixed=("FIXED", 0) in found,
    )


def _row(ctx: Context, order: PaidOrder, share: Share) -> tuple[object, ...]:
    is_member = share.payee_kind is PayeeKind.MEMBER
    return (
        order.merchant_id,
        str(share.kind),
        str(CommissionStatus.PENDING),
        share.level,
        f"{share.payee_kind}:{share.payee_id}",
        share.payee_id if is_member else None,
        None if is_member else share.payee_id,
        order.order_id,
        order.member_id,
        share.base_minor,
        str(share.rate),
        share.amount_minor,
        0,
        ctx.now(),
    )
