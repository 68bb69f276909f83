"""Commission plans: what a merchant pays for sales, and how long a binding holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.bounds import COMMISSION_LEVELS
from models.database import columns, records, transaction
from models.errors import InvalidInput, NotFound
from models.money import CurrencyCode, InvalidAmount, to_minor
from models.referrals.commissions import CommissionLevel, CommissionPlan
from models.referrals.rules import (
    DEFAULT_FREEZE_DAYS,
    DEFAULT_PLAN,
    MAX_RATE_DECIMALS,
    BindingTerms,
    InvalidPlan,
    Level,
    Plan,
)
from models.tables.bulk import columns_of, save_changed
from resolvers.context import Context
from resolvers.permissions import for_members_or, may, requires

MAXIMUM_DAYS = 36_500
FOR_LIFE = BindingTerms()


class _PlanRow(NamedTuple):
    organisation_id: int
    guide_rate: str
    guide_registration_bounty_minor: int
    freeze_days: int
    self_purchase: bool
    binding_days: int | None
    protected_days: int | None


# A row for each level of a plan; one for a plan that has none.
_EFFECTIVE = f"""
SELECT {columns(_PlanRow, "plan")}, level.level, level.rate
FROM commission_plan plan JOIN organisation node ON node.id = plan.organisation_id
LEFT JOIN commission_level level ON level.plan_id = plan.id
WHERE node.kind = ? OR node.id = ? ORDER BY level.level
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePlan:
    """A plan in force; `organisation_id` is whose it is."""

    organisation_id: int
    plan: Plan = DEFAULT_PLAN
    bounty_minor: int = 0
    freeze_days: int = DEFAULT_FREEZE_DAYS
    terms: BindingTerms = FOR_LIFE


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """Rates are fractions (0.05 is 5 %), the bounty an amount of CNY; days empty are for ever."""

    levels: Sequence[tuple[int, Decimal]]
    guide_rate: Decimal | None = None
    bounty: Decimal | None = None
    freeze_days: int = DEFAULT_FREEZE_DAYS
    self_purchase: bool = False
    binding_days: int | None = None
    protected_days: int | None = None


@requires(Permission.COMMISSION_PLAN_WRITE)
async def set_plan(ctx: Context, organisation_id: int | None, draft: PlanDraft) -> EffectivePlan:
    """Replace a merchant's plan; what has been paid already keeps the rates of its time.

    Raises: InvalidInput for a plan that could pay more than the sale or has more than three levels,
    NotFound for a merchant outside the caller's territory.
    """
    plan = _plan_of(draft)
    _check_days(draft)
    bounty_minor = _bounty_of(draft)
    return await transaction(_set, ctx, organisation_id, draft, plan, bounty_minor)


@for_members_or(Permission.COMMISSION_READ)
async def get(ctx: Context, organisation_id: int | None) -> EffectivePlan | None:
    """The plan in force for an organisation, the caller's merchant unless another is named."""
    wanted = organisation_id or ctx.merchant_id
    return (await by_organisations(ctx, [wanted])).get(wanted) if wanted is not None else None


@for_members_or(Permission.COMMISSION_READ)
async def by_organisations(ctx: Context, ids: Sequence[int]) -> dict[int, EffectivePlan]:
    """The plans in force for these organisations, as far as the caller may know them."""
    plans = {}
    for node in await Organisation.filter(id__in=set(ids)):
        own = ctx.member_id is not None and node.merchant_key == ctx.merchant_id
        if own or may(ctx, Permission.COMMISSION_READ, node.path):
            plans[node.id] = await effective(node.merchant_key)
    return plans


async def effective(merchant_id: int) -> EffectivePlan:
    """A merchant's own plan, else the platform's, else the default one."""
    found = await records(_EFFECTIVE, str(OrganisationKind.PLATFORM), merchant_id)
    rows = [(_PlanRow(*columns), level, rate) for *columns, level, rate in found]
    if not rows:
        return EffectivePlan(organisation_id=merchant_id)
    plan = max((row for row, _, _ in rows), key=lambda row: row.organisation_id == merchant_id)
    levels = [Level(level, Decimal(rate)) for row, level, rate in rows if row == plan and level]
    return _effective_of(plan, levels)


async def _set(
    ctx: Context, organisation_id: int | None, draft: PlanDraft, plan: Plan, bounty_minor: int
) -> EffectivePlan:
    node = (
        await Organisation.filter(id=organisation_id or ctx.merchant_id).select_for_update().first()
    )
    if node is None or not may(ctx, Permission.COMMISSION_PLAN_WRITE, node.path):
        raise NotFound("There is no such organisation.", path=("organisationId",))
    if node.id != node.merchant_key:
        raise InvalidInput("A merchant has the plan for its stores.", path=("organisationId",))
    row = await CommissionPlan.filter(organisation_id=node.id).first()
    is_new = row is None
    row = row or CommissionPlan(organisation_id=node.id)
    before = {} if is_new else columns_of(row)
    row.update_from_dict(
        {
            "guide_rate": str(plan.guide_rate),
            "guide_registration_bounty_minor": bounty_minor,
            "freeze_days": draft.freeze_days,
            "self_purchase": draft.self_purchase,
            "binding_days": draft.binding_days,
            "protected_days": draft.protected_days,
        }
    )
    if is_new:
        await row.save(force_create=True)
    else:
        await save_changed(row, before)
    await CommissionLevel.filter(plan_id=row.id).delete()
    levels = [
        CommissionLevel(plan_id=row.id, level=each.level, rate=str(each.rate))
        for each in plan.levels
    ]
    await CommissionLevel.bulk_create(levels)
    return _effective_of(row, plan.levels)


def _effective_of(row: CommissionPlan | _PlanRow, levels: Sequence[Level]) -> EffectivePlan:
    return EffectivePlan(
        organisation_id=row.organisation_id,
        plan=Plan(
            tuple(levels),
            guide_rate=Decimal(row.guide_rate),
            self_purchase=bool(row.self_purchase),
        ),
        bounty_minor=row.guide_registration_bounty_minor,
        freeze_days=row.freeze_days,
        terms=BindingTerms(row.binding_days, row.protected_days),
    )


def _plan_of(draft: PlanDraft) -> Plan:
    if len(draft.levels) > COMMISSION_LEVELS:
        raise InvalidInput(
            "A plan has at most {maximum} levels.", path=("levels",), maximum=COMMISSION_LEVELS
        )
    levels = sorted(draft.levels)
    if [level for level, _ in levels] != list(range(1, len(levels) + 1)):
        raise InvalidInput("Levels are numbered from 1 without a gap.", path=("levels",))
    for position, (_, rate) in enumerate(draft.levels):
        _check_rate(rate, "levels", position, "rate")
    guide_rate = draft.guide_rate or Decimal(0)
    _check_rate(guide_rate, "guideRate")
    try:
        return Plan(
            tuple(Level(level, _plain(rate)) for level, rate in levels),
            guide_rate=_plain(guide_rate),
            self_purchase=draft.self_purchase,
        )
    except InvalidPlan as error:
        raise InvalidInput("A plan pays at most the whole sale.", path=("levels",)) from error


def _check_rate(rate: Decimal, *path: str | int) -> None:
    if not 0 <= rate <= 1 or rate != round(rate, MAX_RATE_DECIMALS):
        raise InvalidInput(
            "A rate lies between 0 and 1 and has at most {decimals} decimals.",
            path=path,
            decimals=MAX_RATE_DECIMALS,
        )


def _plain(rate: Decimal) -> Decimal:
    """Without an exponent or more decimals than are kept: 1E-2 and 0.0100000000 are 0.01."""
    return Decimal(f"{rate:.{MAX_RATE_DECIMALS}f}".rstrip("0").rstrip("."))


def _check_days(draft: PlanDraft) -> None:
    for field, days in (
        ("freezeDays", draft.freeze_days),
        ("bindingDays", draft.binding_days),
        ("protectedDays", draft.protected_days),
    ):
        least = 1 if field == "bindingDays" else 0
        if days is not None and not least <= days <= MAXIMUM_DAYS:
            raise InvalidInput(
                "{name} must lie between {minimum} and {maximum}.",
                path=(field,),
                name=field,
                minimum=least,
                maximum=MAXIMUM_DAYS,
            )


def _bounty_of(draft: PlanDraft) -> int:
    try:
        bounty_minor = to_minor(draft.bounty or Decimal(0), CurrencyCode.CNY)
    except InvalidAmount:
        bounty_minor = -1
    if bounty_minor < 0:
        raise InvalidInput("This is not an amount of money.", path=("guideRegistrationBounty",))
    return bounty_minor
