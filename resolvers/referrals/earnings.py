"""What members and guides have earned: their balances, and the commissions behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.members.members import Member
from models.referrals.commissions import Commission
from models.referrals.rules import CommissionStatus
from resolvers.context import Context
from resolvers.members import visibility
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, scoped
from resolvers.sql_pagination import Conditions, pages_by_id
from resolvers.tallies import SqlTally

# Frozen until a known moment: from then on it is available, whether or not a sweeper has run.
_STANDING = "CASE WHEN status = 'FROZEN' AND available_at <= ? THEN 'AVAILABLE' ELSE status END"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionQuery:
    """What a list is cut to; what is None cuts nothing."""

    statuses: Sequence[CommissionStatus] | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Minor units, each less what was reversed. `owed` was reversed after it had been withdrawn."""

    pending_minor: int = 0
    frozen_minor: int = 0
    available_minor: int = 0
    withdrawn_minor: int = 0
    owed_minor: int = 0


async def balances(ctx: Context, payee_keys: Sequence[str]) -> dict[str, Balance]:
    """The balance of each payee (`"MEMBER:7"`)."""
    rows = await fetch(
        f"SELECT payee_key, {_STANDING} AS standing, SUM(amount_minor) AS amount,"
        f" SUM(reversed_minor) AS reversed FROM commission"
        f" WHERE payee_key IN ({marks(payee_keys)}) GROUP BY 1, 2",
        ctx.now(),
        *payee_keys,
    )
    sums: dict[str, dict[str, tuple[int, int]]] = {key: {} for key in payee_keys}
    for row in rows:
        sums[row["payee_key"]][row["standing"]] = int(row["amount"]), int(row["reversed"])
    return {key: _balance(of_payee) for key, of_payee in sums.items()}


async def pages(
    ctx: Context,
    payee_keys: Sequence[str],
    wanted: CommissionQuery,
    request: PageRequest,
) -> dict[str, Page[Commission]]:
    """A page of each payee's commissions, the latest first; one walk for all of them.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    conditions, tie = _conditions(ctx, wanted), f"commissions {wanted}"
    return await pages_by_id(Commission, "payee_key", payee_keys, conditions, request, tie)


def tally(ctx: Context, payee_keys: Sequence[str], wanted: CommissionQuery) -> SqlTally:
    """The count of each payee's list."""

    async def conditions(_: bool) -> Conditions:
        return _conditions(ctx, wanted).of_parents("payee_key", payee_keys)

    return SqlTally("commission", conditions, by="payee_key")


def standing(ctx: Context, row: Commission) -> CommissionStatus:
    """The status of a commission now, whether or not a sweeper has run."""
    due = row.available_at is not None and row.available_at <= ctx.now()
    return (
        CommissionStatus.AVAILABLE if due and row.status is CommissionStatus.FROZEN else row.status
    )


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Commission]:
    """The commissions with these IDs that are the caller's own, or in the territory of staff."""
    rows = await Commission.filter(id__in=set(ids))
    covered = scoped(Commission.all(), ctx, Permission.COMMISSION_READ, "merchant")
    seen = {each.id for each in await covered.filter(id__in=set(ids))}
    payees = await Member.filter(id__in={row.member_id for row in rows if row.member_id})
    held = await visibility.held_over(ctx, Permission.COMMISSION_READ, payees)
    return {
        row.id: row
        for row in rows
        if row.id in seen or row.member_id in held or row.payee_key == ctx.actor.key
    }


def _conditions(ctx: Context, wanted: CommissionQuery) -> Conditions:
    found = Conditions()
    if wanted.statuses is not None:
        statuses = [str(each) for each in wanted.statuses]
        found.add(f"{_STANDING} IN ({marks(statuses)})", ctx.now(), *statuses)
    return found


def _balance(sums: dict[str, tuple[int, int]]) -> Balance:
    def kept(status: CommissionStatus) -> int:
        amount, reversed_minor = sums.get(status, (0, 0))
        return amount - reversed_minor

    withdrawn, owed = sums.get(CommissionStatus.WITHDRAWN, (0, 0))
    return Balance(
        pending_minor=kept(CommissionStatus.PENDING),
        frozen_minor=kept(CommissionStatus.FROZEN),
        available_minor=kept(CommissionStatus.AVAILABLE),
        withdrawn_minor=withdrawn,
        owed_minor=owed,
    )
