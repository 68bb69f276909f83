"""Rules for commissions and for the shape of the referral tree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from models.bounds import COMMISSION_LEVELS
from models.money import share_down

MAX_RATE_DECIMALS = 6


class CommissionStatus(StrEnum):
    PENDING = "PENDING"
    FROZEN = "FROZEN"
    AVAILABLE = "AVAILABLE"
    WITHDRAWN = "WITHDRAWN"
    REVERSED = "REVERSED"


class CommissionKind(StrEnum):
    REFERRAL = "REFERRAL"
    GUIDE_SALE = "GUIDE_SALE"
    GUIDE_REGISTRATION = "GUIDE_REGISTRATION"
    REGION_AGENT = "REGION_AGENT"
    SELF = "SELF"


class ShareTarget(StrEnum):
    HOME = "HOME"
    PRODUCT = "PRODUCT"
    STORE = "STORE"
    CART = "CART"
    ORDER = "ORDER"
    CATALOGUE = "CATALOGUE"
    REGISTRATION = "REGISTRATION"


class PayeeKind(StrEnum):
    MEMBER = "MEMBER"
    STAFF = "STAFF"


class InvalidPlan(ValueError):
    """A plan that could pay more than the sale, or that the law forbids."""


@dataclass(frozen=True, slots=True)
class Level:
    level: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The rates of commissions, as fractions of the amount paid (0.05 is 5 %); levels are numbered from 1.

    With `self_purchase` a buyer who may earn gets level 1 of their own order and their upline level 2, so
    that the plan never pays more than its rates.

    Raises: InvalidPlan.
    """

    levels: tuple[Level, ...]
    guide_rate: Decimal = Decimal(0)
    self_purchase: bool = False

    def __post_init__(self) -> None:
        if len(self.levels) > COMMISSION_LEVELS:
            raise InvalidPlan(f"a plan has at most {COMMISSION_LEVELS} levels")
        if [level.level for level in self.levels] != list(range(1, len(self.levels) + 1)):
            raise InvalidPlan("levels are numbered from 1 without a gap")
        rates = [*(level.rate for level in self.levels), self.guide_rate]
        if not all(_is_rate(rate) for rate in rates):
            raise InvalidPlan(
                f"a rate lies between 0 and 1 and has at most {MAX_RATE_DECIMALS} decimals"
            )
        if sum(rates) > 1:
            raise InvalidPlan("a plan pays at most the whole sale")


@dataclass(frozen=True, slots=True)
class BindingTerms:
    """How long a binding lasts, and for how long no other link can replace it.

    `binding_days` None is for life; `protected_days` None is as long as the binding lasts.
    """

    binding_days: int | None = None
    protected_days: int | None = None

    def ends_at(self, bound_at: datetime) -> datetime | None:
        return None if self.binding_days is None else bound_at + timedelta(days=self.binding_days)

    def is_locked(self, bound_at: datetime, now: datetime) -> bool:
        days = self.binding_days if self.protected_days is None else self.protected_days
        return days is None or now < bound_at + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Share:
    """One payee's commission of one order; `level` is 0 for a guide."""

    kind: CommissionKind
    level: int
    payee_kind: PayeeKind
    payee_id: int
    base_minor: int
    rate: Decimal
    amount_minor: int


def split_commission(
    line_bases_minor: Sequence[int],
    plan: Plan,
    *,
    uplines: Sequence[int | None] = (),
    buyer_id: int | None = None,
    guide_id: int | None = None,
) -> list[Share]:
    """Return one order's commissions by level, then the guide's; zero amounts are omitted.

    `line_bases_minor` is the amount paid on each line, without delivery. A share is its rate of their sum,
    rounded down once: rounding each line would lose up to a fen a line. `uplines` starts with the buyer's
    own upline; a None earns nothing and keeps its level. `buyer_id` is None when the buyer may not earn.

    Raises: ValueError for a negative base, or a member who is their own upline.
    """
    if any(base < 0 for base in line_bases_minor):
        raise ValueError("a line never pays less than nothing")
    base = sum(line_bases_minor)
    chain = _without_loops(buyer_id, uplines)
    if not plan.self_purchase or buyer_id is None:
        chain = chain[1:]
    shares = [
        _member_share(payee, own=payee == buyer_id, level=level, base_minor=base)
        for level, payee in zip(plan.levels, chain, strict=False)
        if payee is not None
    ]
    if guide_id is not None:
        shares.append(_guide_share(guide_id, plan.guide_rate, base))
    return [share for share in shares if share.amount_minor > 0]


def reversal(
    amount_minor: int, base_minor: int, refunded_base_minor: int, already_reversed_minor: int
) -> int:
    """Return the amount to reverse now, when `refunded_base_minor` of the base has been refunded in total.

    The payee keeps their amount in proportion to what remains paid, rounded down. So the shares stay within
    the plan after every refund, and the last refund reverses exactly the rest.

    Raises: ValueError unless 0 ≤ refunded ≤ base.
    """
    if not 0 <= refunded_base_minor <= base_minor:
        raise ValueError("the refund lies between nothing and the base")
    if base_minor == 0:
        return 0
    kept = amount_minor * (base_minor - refunded_base_minor) // base_minor
    return max(0, amount_minor - kept - already_reversed_minor)


def would_cycle(member_id: int, upline_ancestors: Collection[int]) -> bool:
    """Return whether the member is the upline or one of its ancestors."""
    return member_id in upline_ancestors


def _without_loops(buyer_id: int | None, uplines: Sequence[int | None]) -> list[int | None]:
    members = [member for member in (buyer_id, *uplines) if member is not None]
    if len(members) != len(set(members)):
        raise ValueError("nobody stands above themself")
    return [buyer_id, *uplines]


def _member_share(payee_id: int, *, own: bool, level: Level, base_minor: int) -> Share:
    return Share(
        kind=CommissionKind.SELF if own else CommissionKind.REFERRAL,
        level=level.level,
        payee_kind=PayeeKind.MEMBER,
        payee_id=payee_id,
        base_minor=base_minor,
        rate=level.rate,
        amount_minor=share_down(base_minor, level.rate),
    )


def _guide_share(guide_id: int, rate: Decimal, base_minor: int) -> Share:
    return Share(
        kind=CommissionKind.GUIDE_SALE,
        level=0,
        payee_kind=PayeeKind.STAFF,
        payee_id=guide_id,
        base_minor=base_minor,
        rate=rate,
        amount_minor=share_down(base_minor, rate),
    )


def _is_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= 1 and rate == round(rate, MAX_RATE_DECIMALS)


# The plan of a merchant without its own: 5 % and 2 % to the uplines, 3 % to the guide.
DEFAULT_PLAN = Plan(
    (Level(1, Decimal("0.05")), Level(2, Decimal("0.02"))), guide_rate=Decimal("0.03")
)
DEFAULT_FREEZE_DAYS = 7
